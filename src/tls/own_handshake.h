#pragma once

// The handshake of TLS 1.3 (RFC 8446 §2) as nearly every client wants it, by ourselves: OpenSSL takes more than half as
// long again for the same arithmetic, and 24 KiB while it lasts. What it is for is decided by the first message alone;
// any other client (TLS 1.2, another group than it sent a share for, a certificate asked of it, whatever is malformed)
// goes to OpenSSL with all that it has sent (handshaking.h).
//
//     begin: ClientHello ─► ServerHello … Finished ─► await_finished ─► tickets ─► done
//
// A client that comes back brings a ticket of ours: the secret of its former connection and what that was bound to,
// under a key that all workers have (ticket_keys.h).

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "tls/client_hello.h"
#include "tls/connection_info.h"
#include "tls/handshake_steps.h"
#include "tls/hash.h"
#include "tls/server_context.h"

namespace seki::tls {

class OwnHandshake final : public HandshakeSteps {
public:
    ~OwnHandshake() override;

    // `record`: the first one of a client. Null when it is OpenSSL's.
    static std::unique_ptr<OwnHandshake> begin(std::shared_ptr<const ServerContext> context, std::string_view record);

    HandshakeStep take(std::string_view record) override;
    [[nodiscard]] std::string_view output() const noexcept override { return std::string_view(output_).substr(sent_); }
    void sent(size_t bytes) noexcept override;
    [[nodiscard]] HandshakeFailure failure() const noexcept override { return failure_; }
    [[nodiscard]] const std::string& why() const noexcept override { return why_; }
    [[nodiscard]] const std::string& server_name() const noexcept override { return info_.server_name; }
    [[nodiscard]] ConnectionInfo info() const override { return info_; }
    [[nodiscard]] bool took_default() const noexcept override { return took_default_; }
    [[nodiscard]] std::optional<TakenKeys> take_keys() override;

private:
    explicit OwnHandshake(std::shared_ptr<const ServerContext> context) noexcept : context_(std::move(context)) {}

    // ---- what is agreed upon; false: it is OpenSSL's
    bool agree(const ClientHello& hello);
    bool choose_suite(const ClientHello& hello);
    bool choose_group(const ClientHello& hello);
    bool choose_certificate(const ClientHello& hello);
    bool choose_protocol(const ClientHello& hello);
    void try_ticket(const ClientHello& hello, Bytes message);

    // ---- our flight; false: it cannot be made, and OpenSSL may try
    bool answer(const ClientHello& hello, Bytes message);
    std::string server_hello(const ClientHello& hello, Bytes share) const;
    bool say_flight();
    void add_message(std::string& flight, uint8_t type, const auto& fill);
    bool show_certificate(std::string& flight);
    bool seal_records(ContentType type, std::string_view content, RecordState& state);
    void derive_handshake_secrets(Bytes shared);
    void derive_connection_secrets();

    // ---- the client's
    HandshakeStep take_protected(std::string_view record);
    HandshakeStep take_finished();
    HandshakeStep take_alert(std::string_view alert);
    bool say_tickets();
    HandshakeStep fail(HandshakeFailure failure, Alert alert, std::string why);

    std::shared_ptr<const ServerContext> context_;
    ConnectionInfo info_;
    const Suite* suite_ = nullptr;
    Group group_ = Group::x25519;
    uint16_t signature_ = 0;  // RFC 8446 §4.2.3
    uint16_t max_fragment_ = max_fragment_bytes;
    bool limits_records_ = false;  // the client does, and wants to hear of ours
    HashValue psk_;                // of the ticket that was taken; empty: none
    HashValue secret_;             // of the key schedule: the handshake's, then the master secret (RFC 8446 §7.1)
    std::optional<RunningHash> transcript_;
    SecretPool<Secrets>::Ptr handshake_keys_;
    SecretPool<Secrets>::Ptr connection_keys_;
    std::string output_;
    size_t sent_ = 0;
    std::string message_;  // of the client's Finished, while it is not whole
    bool took_default_ = false;
    bool asks_status_ = false;     // for an OCSP response
    bool keeps_sessions_ = false;  // the client does, and with keys of their own for each
    bool saw_change_cipher_spec_ = false;
    HandshakeFailure failure_ = HandshakeFailure::none;
    std::string why_;
};

}  // namespace seki::tls
