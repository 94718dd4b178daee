#pragma once

// A cluster as one worker knows it: its backends and whose turn it is. It exists as soon as a frontend or a backend
// names it, with or without a configuration of its own, so that changes may come in any order.
//
// The turn: weighted round robin. In a round each backend is chosen as often as its weight is in proportion to the
// others', one after the other; backends that are failing or not ready are passed over. When all that are ready are
// failing, the one that failed longest ago is tried: a backend that may be down beats an answer that surely is an
// error.

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backend/backend.h"
#include "base/clock.h"

namespace seki::backend {

using BackendPtr = std::shared_ptr<Backend>;

class Cluster {
public:
    explicit Cluster(std::string id) : id_(std::move(id)) {}

    [[nodiscard]] const std::string& id() const noexcept { return id_; }
    [[nodiscard]] std::span<const BackendPtr> backends() const noexcept { return backends_; }

    // Adds, or replaces the one with the same id and address, which is returned.
    BackendPtr put(BackendPtr backend);
    // Null when there is none.
    [[nodiscard]] BackendPtr find(std::string_view backend_id, const SocketAddress& address) const;
    // The removed one, or null.
    BackendPtr remove(std::string_view backend_id, const SocketAddress& address);
    // Whether any backend has this id; several may, at different addresses.
    [[nodiscard]] bool has(std::string_view backend_id) const noexcept;

    // The one that a sticky cookie means and that may still serve such clients; null when there is none.
    [[nodiscard]] BackendPtr find_cookie(std::string_view cookie) const;
    // The next in turn that is ready and not among `tried`; null when there is none.
    [[nodiscard]] BackendPtr next(Monotonic now, std::span<const BackendPtr> tried);

    // Nothing names it any more; only exchanges that still run have it.
    void forget() noexcept { forgotten_ = true; }
    [[nodiscard]] bool forgotten() const noexcept { return forgotten_; }

private:
    void deal_credits();

    std::string id_;
    std::vector<BackendPtr> backends_;
    size_t cursor_ = 0;
    bool forgotten_ = false;
};

}  // namespace seki::backend
