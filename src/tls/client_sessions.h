#pragma once

// Sessions with backends that may be resumed: the newest of each backend, under each policy. Those that were used last
// stay, up to a bound.

#include <absl/container/flat_hash_map.h>
#include <cstdint>
#include <list>
#include <memory>
#include <openssl/ssl.h>

#include "base/clock.h"
#include "net/address.h"

namespace seki::tls {

class ClientSessions {
public:
    struct Key {
        uint64_t policy;  // ClientContext::number()
        SocketAddress backend;

        friend bool operator==(const Key&, const Key&) = default;
        template <typename H>
        friend H AbslHashValue(H state, const Key& key) {
            return H::combine(std::move(state), key.policy, key.backend);
        }
    };

    explicit ClientSessions(size_t capacity) noexcept : capacity_(capacity) {}

    // The session is ours from here on. It goes with its own end, or with that of the certificate that was seen for it.
    void put(const Key& key, SSL_SESSION* session);
    // Good until the next call. Null: there is none.
    [[nodiscard]] SSL_SESSION* find(const Key& key, WallTime now);
    void forget(const Key& key);
    // The policy is gone.
    void forget_all(uint64_t policy);
    [[nodiscard]] size_t size() const noexcept { return entries_.size(); }

private:
    struct FreeSession {
        void operator()(SSL_SESSION* session) const noexcept { SSL_SESSION_free(session); }
    };
    struct Entry {
        Key key;
        std::unique_ptr<SSL_SESSION, FreeSession> session;
        WallTime until;
    };
    using Entries = std::list<Entry>;  // the one that was used last in front

    void erase(Entries::iterator entry);

    size_t capacity_;
    Entries entries_;
    absl::flat_hash_map<Key, Entries::iterator> found_;
};

}  // namespace seki::tls
