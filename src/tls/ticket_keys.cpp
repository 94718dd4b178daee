#include "tls/ticket_keys.h"

#include <algorithm>
#include <string>

#include "tls/key_schedule.h"

namespace seki::tls {

const TicketKey* TicketKeys::current(WallTime now) { return of_window(window_of(now)); }

std::optional<TicketKeys::Found> TicketKeys::find(TicketKeyName TicketKey::* kind, std::span<const uint8_t> name,
                                                  WallTime now) {
    const int64_t at_hand = window_of(now);
    for (const int64_t back : {0, 1, 2, -1}) {
        const TicketKey* const key = of_window(at_hand - back);
        if (key != nullptr && std::ranges::equal(key->*kind, name)) return Found{key, back == 0};
    }
    return std::nullopt;
}

const TicketKey* TicketKeys::of_window(int64_t window) {
    if (window < 0) return nullptr;
    Made& made = made_[static_cast<size_t>(window % kept_windows)];
    if (made.window == window) return &made.key;
    const std::string which = " of ticket window " + std::to_string(window);
    const auto make = [&](std::string_view what, std::span<uint8_t> out) {
        derive(secret_.bytes(), std::string(what) + which, out);
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
