#include "tls/engine.h"

#include <utility>

namespace seki::tls {

std::string_view name_of(HandshakeFailure failure) noexcept {
    switch (failure) {
        case HandshakeFailure::none:
            return "none";
        case HandshakeFailure::alert:
            return "alert_received";
        case HandshakeFailure::incompatible:
            return "peer_incompatible";
        case HandshakeFailure::no_protocol:
            return "no_alpn";
        case HandshakeFailure::no_certificate:
            return "unknown_name";
        case HandshakeFailure::no_client_certificate:
            return "no_certificates_present";
        case HandshakeFailure::bad_client_certificate:
            return "invalid_certificate";
        case HandshakeFailure::untrusted:
            return "untrusted";
        case HandshakeFailure::malformed:
            return "invalid_message";
        case HandshakeFailure::plain_http:
            return "plain_http";
        case HandshakeFailure::closed:
            return "closed";
        case HandshakeFailure::timeout:
            return "timeout";
        case HandshakeFailure::internal:
            return "other";
    }
    return "?";
}

Result<std::unique_ptr<Engine>> Engine::make(EventLoop& loop, const TicketSecret& tickets, Duration ticket_window) {
    auto ciphers = CipherCache::make(ready_ciphers);
    if (!ciphers) return std::unexpected(ciphers.error());
    return std::unique_ptr<Engine>(new Engine(loop, std::move(*ciphers), tickets, ticket_window));
}

Engine::Engine(EventLoop& loop_, std::unique_ptr<CipherCache> ciphers_, const TicketSecret& tickets_,
               Duration ticket_window)
    : loop(loop_), ciphers(std::move(ciphers_)), tickets(tickets_, ticket_window) {
    constexpr size_t longest_record = record_header_bytes + max_ciphertext_bytes(Version::tls12);
    incoming.resize(4 * longest_record);
    outgoing.resize(batch_records * longest_record);
}

}  // namespace seki::tls
