#pragma once

// What all TLS connections of a worker share: the memory in which they work, the ciphers that are ready, the
// certificates that were read, the keys of tickets, and who is told how handshakes went.

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "event/event_loop.h"
#include "net/address.h"
#include "tls/alpn.h"
#include "tls/cipher_cache.h"
#include "tls/client_sessions.h"
#include "tls/key_exchange.h"
#include "tls/parsed_certificates.h"
#include "tls/record.h"
#include "tls/secret_pool.h"
#include "tls/system_authorities.h"
#include "tls/ticket_keys.h"

namespace seki::tls {

// Both directions of a connection whose records are ours.
struct Secrets {
    RecordState read;
    RecordState write;
};

// Why a handshake came to nothing, as metrics have it.
enum class HandshakeFailure : uint8_t {
    none,
    alert,         // the client said so
    incompatible,  // no version, cipher, group or signature that both have
    no_protocol,   // by ALPN, that both speak
    no_certificate,
    no_client_certificate,
    bad_client_certificate,
    untrusted,  // the backend is not the one that is meant
    malformed,
    plain_http,
    closed,  // the peer went
    timeout,
    internal
};
[[nodiscard]] std::string_view name_of(HandshakeFailure failure) noexcept;

struct HandshakeReport {
    HandshakeFailure failure = HandshakeFailure::none;
    std::string_view why;          // for the log; empty when it went well
    std::string_view server_name;  // empty: the client named none, or did not come to that
    const SocketAddress* peer = nullptr;
    bool of_backend = false;  // the peer is one, and we are its client
    // Only of one that went well:
    const Suite* suite = nullptr;  // null: one that stays with OpenSSL
    bool tls13 = false;
    Alpn protocol = Alpn::none;
    bool resumed = false;
    bool default_certificate = false;
    bool client_certificate = false;  // the client has shown one
    Duration took{};
};

class Engine {
public:
    static constexpr uint32_t ready_ciphers = 1024;
    static constexpr size_t parsed_certificates = 4096;
    static constexpr size_t kept_sessions = 1024;  // with backends
    // Records that are made for one send.
    static constexpr size_t batch_records = 4;

    static Result<std::unique_ptr<Engine>> make(EventLoop& loop, const TicketSecret& tickets, Duration ticket_window);

    EventLoop& loop;
    std::unique_ptr<CipherCache> ciphers;
    SecretPool<Secrets> secrets;
    ParsedCertificates certificates{parsed_certificates};
    TicketKeys tickets;
    KeyExchange exchange;
    ClientSessions sessions{kept_sessions};
    SystemAuthorities system_authorities;
    uint64_t next_policy = 1;    // number of the next ClientContext
    std::vector<char> incoming;  // where records are read; good until the next read of any connection
    std::vector<char> outgoing;  // likewise where they are made
    std::function<void(const HandshakeReport&)> on_handshake;

private:
    Engine(EventLoop& loop_, std::unique_ptr<CipherCache> ciphers_, const TicketSecret& tickets_,
           Duration ticket_window);
};

}  // namespace seki::tls
