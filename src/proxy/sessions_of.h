#pragma once

// Connections that an operator means: all that have to do with a cluster, or with some of its backends.

#include <optional>
#include <string_view>

#include "backend/backend.h"
#include "net/address.h"

namespace seki::proxy {

struct SessionsOf {
    std::string_view cluster_id;
    std::optional<std::string_view> backend_id{};  // absent: whichever
    std::optional<SocketAddress> address{};        // likewise, of the backend

    [[nodiscard]] bool of_any_backend() const noexcept { return !backend_id && !address; }
    [[nodiscard]] bool are_at(const backend::Backend& backend) const noexcept {
        return backend.cluster_id == cluster_id && (!backend_id || backend.id == *backend_id) &&
               (!address || backend.address == *address);
    }
};

// What such a client's connection is at.
enum class Concern : uint8_t {
    none,     // it has nothing to do with them
    idle,     // the last request was theirs, and none runs
    request,  // one of theirs runs, or several
    tunnel
};

}  // namespace seki::proxy
