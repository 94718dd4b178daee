#pragma once

// A cluster as one worker knows it: its backends and which of them is next. It exists as soon as a frontend or a
// backend names it, with or without a configuration of its own, so that changes may come in any order.
//
// Usable is a backend that is ready, does not fail and was not tried yet. One of those that are no backups is chosen
// (balancing/balancing.h), else one of the backups. When all that are ready are failing, the one that failed longest
// ago is tried: a backend that may be down beats an answer that surely is an error.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backend/backend.h"
#include "backend/balancing/algorithms.h"
#include "base/clock.h"
#include "base/random.h"

namespace seki::backend {

class Cluster {
public:
    explicit Cluster(std::string id);

    [[nodiscard]] const std::string& id() const noexcept { return id_; }
    [[nodiscard]] std::span<const BackendPtr> backends() const noexcept { return backends_; }

    // Adds it, or gives the one with the same id and address what is configured of it and leaves that its connections,
    // its load and its failures, which are as true as before. The one that is there now.
    BackendPtr put(BackendPtr backend);
    // Null when there is none.
    [[nodiscard]] BackendPtr find(std::string_view backend_id, const SocketAddress& address) const;
    // The removed one, or null.
    BackendPtr remove(std::string_view backend_id, const SocketAddress& address);
    // Whether any backend has this id; several may, at different addresses.
    [[nodiscard]] bool has(std::string_view backend_id) const noexcept;

    // The one that a sticky cookie means and that may still serve such clients; null when there is none.
    [[nodiscard]] BackendPtr find_cookie(std::string_view cookie) const;
    // The same choice again leaves it whose turn it is.
    void set_balancing(const BalancingChoice& choice);
    // Whether next() goes by its key.
    [[nodiscard]] bool uses_key() const noexcept { return balancing_->uses_key(); }
    // The next one, which is not among `tried`; null when there is none.
    [[nodiscard]] BackendPtr next(Monotonic now, std::span<const BackendPtr> tried, Random& random, uint64_t key = 0);

    // After a failure: whether it was the last backend that worked. After a success: whether none did before.
    bool lost_last(Monotonic now) noexcept;
    bool recovered() noexcept { return !std::exchange(available_, true); }

    // Nothing names it any more; only exchanges that still run have it.
    void forget() noexcept { forgotten_ = true; }
    [[nodiscard]] bool forgotten() const noexcept { return forgotten_; }

private:
    std::string id_;
    std::vector<BackendPtr> backends_;
    BalancingChoice choice_;
    std::unique_ptr<Balancing> balancing_;
    bool forgotten_ = false;
    bool available_ = true;  // some backend works
};

}  // namespace seki::backend
