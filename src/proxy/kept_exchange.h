#pragma once

// What an exchange has only while it has to wait with something that was read already.

#include <optional>

#include "proxy/exchange.h"
#include "proxy/kept_head.h"

namespace seki::proxy {

struct Exchange::Kept {
    std::optional<KeptRequest> request;  // a password is being checked
    std::optional<KeptAnswer> answer;    // others have left no room for it on the client's connection
    bool answer_ends = false;            // it has no body
};

}  // namespace seki::proxy
