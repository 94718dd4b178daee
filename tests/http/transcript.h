#pragma once

// What a codec says of some bytes, as text: the same however the bytes were cut. Bodies are joined, need_more is left
// out.

#include <string>
#include <string_view>

#include "http/h1/client_codec.h"
#include "http/h1/server_codec.h"

namespace seki::http {

struct Codecs {
    HeadStorage storage;
    HeadLimits limits;
    h1::ServerCodec server{storage, limits};
    h1::ClientCodec client{storage, limits};
};

// `piece`: how many bytes arrive at a time; 0: all at once. Requests are answered (finish) as soon as they are
// complete.
std::string read_requests(std::string_view input, size_t piece = 0, HeadLimits limits = {});
// The answers to one request with this method each; the connection ends after the input.
std::string read_responses(std::string_view input, size_t piece = 0, Method method = Method::get);

// Of read_requests or read_responses for every way to cut: must all be the same, which is asserted.
std::string read_requests_every_way(std::string_view input);
std::string read_responses_every_way(std::string_view input, Method method = Method::get);

// A request as `head` says it, written towards a backend.
std::string write_request(std::string_view request, std::span<const AddedField> added = {});
// The answer as the client of `request` gets it.
std::string pass_on(std::string_view request, std::string_view response, bool close = false);

}  // namespace seki::http
