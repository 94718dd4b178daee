#pragma once

// A request of which no answer has begun, held so that another connection can carry it when the one that it went to is
// lost. It is a request, and not the bytes of a format: whoever takes it over writes it again. Only where it was
// written as HTTP/1 and goes to another connection of HTTP/1 it goes as it is.

#include <memory>
#include <string_view>

#include "http/codec.h"
#include "net/buffer_pool.h"

namespace seki::proxy {

// As HTTP/1 wrote it, and the codec that knows what answer it asks for.
struct HeldRequest {
    // Writes it again, in whatever format.
    class Writer {
    public:
        virtual ~Writer() = default;
        // The head is good during the call. False: there is no room for it, and nothing more comes.
        virtual bool head(const http::RequestHead& head, bool end) = 0;
        // Some of the body, good during the call; of one that has not been given in full yet, as much as there is.
        virtual void body(std::string_view bytes) = 0;
        virtual void end(const http::FieldTable* trailers) = 0;
    };

    // False when the writer had no room for the head.
    bool write_to(Writer& writer) const;

    net::BufferPtr bytes;
    std::unique_ptr<http::ClientCodec> codec;
};

}  // namespace seki::proxy
