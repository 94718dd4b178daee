#include "tls/ticket_keys.h"

#include <algorithm>
#include <string>
#include <utility>

#include "tls/key_schedule.h"

namespace seki::tls {

TicketSecret ticket_secret_of(std::string_view told) {
    TicketSecret secret;
    const std::span bytes(reinterpret_cast<const uint8_t*>(told.data()), told.size());
    derive(bytes, "secret of session tickets", secret.resize(TicketSecret::capacity));
    return secret;
}

void TicketKeys::set_secret(const TicketSecret& secret, WallTime now) {
    if (std::ranges::equal(secret.bytes(), current_.secret.bytes())) return;
    keep_former(std::move(current_), window_of(now));
    current_ = Family{.secret = secret};
}

void TicketKeys::add_former(const TicketSecret& secret, WallTime until) {
    keep_former(Family{.secret = secret}, window_of(until));
}

void TicketKeys::keep_former(Family family, int64_t last_window) {
    family.last_window = last_window;
    if (former_.size() == most_former) former_.erase(former_.begin());
    former_.push_back(std::move(family));
}

const TicketKey* TicketKeys::current(WallTime now) { return of_window(current_, window_of(now)); }

std::optional<TicketKeys::Found> TicketKeys::find(TicketKeyName TicketKey::* kind, std::span<const uint8_t> name,
                                                  WallTime now) {
    const int64_t at_hand = window_of(now);
    std::erase_if(former_, [at_hand](const Family& family) { return family.last_window < at_hand - 2; });
    for (const int64_t back : {0, 1, 2, -1}) {
        const auto find_in = [&](Family& family) -> const TicketKey* {
            const TicketKey* const key = of_window(family, at_hand - back);
            return key != nullptr && std::ranges::equal(key->*kind, name) ? key : nullptr;
        };
        if (const TicketKey* const key = find_in(current_)) return Found{key, back == 0};
        for (Family& family : former_) {
            if (const TicketKey* const key = find_in(family)) return Found{key, false};
        }
    }
    return std::nullopt;
}

const TicketKey* TicketKeys::of_window(Family& family, int64_t window) {
    if (window < 0 || window > family.last_window) return nullptr;
    Made& made = family.made[static_cast<size_t>(window % kept_windows)];
    if (made.window == window) return &made.key;
    const std::string which = " of ticket window " + std::to_string(window);
    const auto make = [&](std::string_view what, std::span<uint8_t> out) {
        derive(family.secret.bytes(), std::string(what) + which, out);
    };
    make("name", made.key.name);
    make("cipher key", made.key.cipher_key.resize(32));
    make("mac key", made.key.mac_key.resize(32));
    make("own name", made.key.own_name);
    make("own key", made.key.own_key.resize(32));
    made.window = window;
    return &made.key;
}

}  // namespace seki::tls
