#pragma once

// Keys of session tickets (RFC 5077, RFC 8446 §4.6.1). All of them follow from one secret and the time, so every worker
// that has the secret, now or after a restart, has the same ones, and nobody has to hand them round: time is cut into
// windows, each with a key. Tickets are made with that of the window at hand, and taken as far as they are not older
// than two windows; a clock that is a little ahead of another's does no harm.
//
// When another secret takes its place, tickets of the former one are taken as long as they would have been; keys of it
// for later windows are nobody's.

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "tls/secret.h"

namespace seki::tls {

using TicketSecret = Secret<32>;
// Of what an operator gave, of any length.
[[nodiscard]] TicketSecret ticket_secret_of(std::string_view told);

using TicketKeyName = std::array<uint8_t, 16>;

struct TicketKey {
    // Of tickets that OpenSSL makes.
    TicketKeyName name{};
    Secret<32> cipher_key;  // AES-256-CBC
    Secret<32> mac_key;     // HMAC-SHA-256
    // Of ours (own_ticket.h).
    TicketKeyName own_name{};
    Secret<32> own_key;  // AES-256-GCM
};

class TicketKeys {
public:
    // Tickets of so many former secrets are taken, whoever changes it more often.
    static constexpr size_t most_former = 4;

    // `window`: for how long one key makes tickets.
    TicketKeys(const TicketSecret& secret, Duration window) noexcept : window_(window) { current_.secret = secret; }

    // From now on.
    void set_secret(const TicketSecret& secret, WallTime now);
    // One that made tickets until then.
    void add_former(const TicketSecret& secret, WallTime until);

    [[nodiscard]] Duration window() const noexcept { return window_; }
    // To make tickets with now. Null when the system has no memory for it.
    [[nodiscard]] const TicketKey* current(WallTime now);
    struct Found {
        const TicketKey* key;
        bool current;
    };
    // The one of this name, which is of that kind (name or own_name), while its tickets are taken.
    [[nodiscard]] std::optional<Found> find(TicketKeyName TicketKey::* kind, std::span<const uint8_t> name,
                                            WallTime now);

private:
    static constexpr int64_t kept_windows = 4;  // the next, the one at hand, two old ones

    struct Made {
        int64_t window = -1;
        TicketKey key;
    };

    // What follows from one secret.
    struct Family {
        TicketSecret secret;
        std::array<Made, kept_windows> made{};
        int64_t last_window = INT64_MAX;  // for which it has keys
    };

    [[nodiscard]] int64_t window_of(WallTime time) const noexcept { return time.time_since_epoch() / window_; }
    void keep_former(Family family, int64_t last_window);
    static const TicketKey* of_window(Family& family, int64_t window);

    Family current_;
    std::vector<Family> former_;  // the latest last
    Duration window_;
};

}  // namespace seki::tls
