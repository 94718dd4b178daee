#pragma once

// A request of which no answer has begun, held so that another connection can carry it: the one that it went to is
// lost, or has no room for it yet. It is a request, and not the bytes of a format: whoever takes it over writes it
// again. Only where it was written as HTTP/1 and goes to another connection of HTTP/1 it goes as it is.

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "http/codec.h"
#include "net/buffer_pool.h"
#include "proxy/kept_head.h"

namespace seki::proxy {

class HeldRequest {
public:
    // As HTTP/1 wrote it, as much as has come of its body, and the codec that knows what answer it asks for.
    struct Written {
        net::BufferPtr bytes;
        std::unique_ptr<http::ClientCodec> codec;
    };

    // Writes it again, in whatever format.
    class Writer {
    public:
        virtual ~Writer() = default;
        // The head is good during the call.
        virtual void head(const http::RequestHead& head, bool end) = 0;
        // Some of the body, good during the call; of one that has not come in full yet, as much as there is.
        virtual void body(std::string_view bytes) = 0;
        virtual void end(const http::FieldTable* trailers) = 0;
        // There was no room for the last part: nothing more comes.
        [[nodiscard]] virtual bool failed() const = 0;
    };

    explicit HeldRequest(Written written) : form_(std::move(written)) {}
    // Only the head: nothing of a body has come.
    explicit HeldRequest(KeptRequest head) : form_(std::move(head)) {}

    // Null when it is not there in that form.
    [[nodiscard]] Written* written() noexcept { return std::get_if<Written>(&form_); }
    [[nodiscard]] bool only_head() const noexcept { return std::holds_alternative<KeptRequest>(form_); }
    // Any number of times. The buffer that it was written into is free then: what is written now may need it.
    void write_to(Writer& writer);

private:
    std::variant<Written, KeptRequest, std::string> form_;
};

}  // namespace seki::proxy
