#pragma once

// An answer, or a part of one, that waits because its client's connection has no room for it yet: others of the
// connection have filled it, or the answer is longer than a buffer. It goes on when the client takes some
// (Exchange::answer_further).

#include <string>
#include <variant>

#include "proxy/kept_head.h"
#include "proxy/reply.h"

namespace seki::proxy {

struct DeferredAnswer {
    // One of our own that is still to be written, from its head on.
    struct Own {
        Reply reply;           // its location is
        std::string location;  // here
    };
    // The head that a backend has given; what follows it waits with the backend.
    struct BackendHead {
        KeptAnswer head;
        bool ends = false;  // it has no body
    };
    // Of one of our own, the rest of the body.
    struct Rest {
        std::string body;
    };

    [[nodiscard]] bool has_head() const noexcept { return !std::holds_alternative<Rest>(part); }

    std::variant<Own, BackendHead, Rest> part;
};

}  // namespace seki::proxy
