#pragma once

// What whoever drives a handshake (shaking.h) asks of who knows how one goes: records in, one at a time, bytes out.
// There are OpenSSL's (openssl_connection.h) and ours (own_handshake.h).

#include <optional>
#include <string>
#include <string_view>

#include "tls/connection_info.h"
#include "tls/engine.h"

namespace seki::tls {

enum class HandshakeStep : uint8_t { more, done, failed };

// The keys of both directions, the suite, and how much content a record of ours may have.
struct TakenKeys {
    const Suite* suite;
    SecretPool<Secrets>::Ptr keys;
    uint16_t max_fragment = max_fragment_bytes;
};

class HandshakeSteps {
public:
    HandshakeSteps() = default;
    HandshakeSteps(const HandshakeSteps&) = delete;
    HandshakeSteps& operator=(const HandshakeSteps&) = delete;
    virtual ~HandshakeSteps() = default;

    // The next record from the peer.
    virtual HandshakeStep take(std::string_view record) = 0;

    // What is to be sent to the peer, and how much of it was.
    [[nodiscard]] virtual std::string_view output() const noexcept = 0;
    virtual void sent(size_t bytes) noexcept = 0;

    // ---- when it failed

    [[nodiscard]] virtual HandshakeFailure failure() const noexcept = 0;
    [[nodiscard]] virtual const std::string& why() const noexcept = 0;
    [[nodiscard]] virtual const std::string& server_name() const noexcept = 0;

    // ---- when it is done

    [[nodiscard]] virtual ConnectionInfo info() const = 0;
    [[nodiscard]] virtual bool took_default() const noexcept = 0;
    // Nothing where the records have to stay with OpenSSL.
    [[nodiscard]] virtual std::optional<TakenKeys> take_keys() = 0;
};

}  // namespace seki::tls
