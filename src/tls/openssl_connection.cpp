#include "tls/openssl_connection.h"

#include <algorithm>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <utility>

#include "base/hex.h"

namespace seki::tls {

namespace {

int slot_in_ssl() {
    static const int slot = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
    return slot;
}

bool read_secret(std::string_view text, TrafficSecret& secret) noexcept {
    return text.size() / 2 <= TrafficSecret::capacity && read_hex(text, secret.resize(text.size() / 2));
}

HandshakeFailure failure_of(unsigned long error) noexcept {
    if (ERR_GET_LIB(error) != ERR_LIB_SSL) return HandshakeFailure::malformed;
    const int reason = ERR_GET_REASON(error);
    if (reason == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE) return HandshakeFailure::no_client_certificate;
    if (reason >= SSL_AD_REASON_OFFSET) return HandshakeFailure::alert;
    switch (reason) {
        case SSL_R_NO_SHARED_CIPHER:
        case SSL_R_UNSUPPORTED_PROTOCOL:
        case SSL_R_WRONG_VERSION_NUMBER:
        case SSL_R_VERSION_TOO_LOW:
        case SSL_R_NO_SUITABLE_KEY_SHARE:
        case SSL_R_NO_SUITABLE_GROUPS:
        case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
        case SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS:
        case SSL_R_INAPPROPRIATE_FALLBACK:
            return HandshakeFailure::incompatible;
        default:
            return HandshakeFailure::malformed;
    }
}

}  // namespace

bool OpensslConnection::open(SSL_CTX* context) {
    ssl_.reset(SSL_new(context));
    in_ = BIO_new(BIO_s_mem());
    out_ = BIO_new(BIO_s_mem());
    if (ssl_ == nullptr || in_ == nullptr || out_ == nullptr || SSL_set_ex_data(ssl_.get(), slot_in_ssl(), this) != 1) {
        BIO_free(in_);
        BIO_free(out_);
        return false;
    }
    BIO_set_mem_eof_return(in_, -1);
    SSL_set_bio(ssl_.get(), in_, out_);
    role_ == Role::server ? SSL_set_accept_state(ssl_.get()) : SSL_set_connect_state(ssl_.get());
    return true;
}

OpensslConnection& OpensslConnection::of(const SSL* ssl) noexcept {
    return *static_cast<OpensslConnection*>(SSL_get_ex_data(ssl, slot_in_ssl()));
}

// ---- the handshake

HandshakeStep OpensslConnection::take(std::string_view record) {
    if (read_record_header(record).type == ContentType::change_cipher_spec) {
        peer_protects_ = true;
    } else if (peer_protects_) {
        ++records_taken_;
    }
    if (BIO_write(in_, record.data(), static_cast<int>(record.size())) != static_cast<int>(record.size())) {
        note_failure(HandshakeFailure::internal, "no memory for a record");
        return HandshakeStep::failed;
    }
    return SSL_is_init_finished(ssl_.get()) == 1 ? HandshakeStep::done : go_on();
}

HandshakeStep OpensslConnection::go_on() {
    const size_t before = made().size();
    before_step();
    ERR_clear_error();
    const int done = SSL_do_handshake(ssl_.get());
    count_records(before);
    if (done == 1) return completes() ? HandshakeStep::done : HandshakeStep::failed;
    if (SSL_get_error(ssl_.get(), done) == SSL_ERROR_WANT_READ) return HandshakeStep::more;
    note_failure();
    return HandshakeStep::failed;
}

std::string_view OpensslConnection::made() const noexcept {
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(out_, &bytes);
    return {bytes, static_cast<size_t>(size)};
}

void OpensslConnection::sent(size_t bytes) noexcept {
    output_sent_ += bytes;
    if (output_sent_ < made().size()) return;
    output_sent_ = 0;
    static_cast<void>(BIO_reset(out_));
}

// With its last records of the handshake the peer's keys change for the last time: all of this kind that are made then
// are the first ones of the new key (the tickets of TLS 1.3).
void OpensslConnection::count_records(size_t before) {
    records_made_ = 0;
    for (std::string_view rest = made().substr(before); rest.size() >= record_header_bytes;) {
        const RecordHeader header = read_record_header(rest);
        if (header.type == ContentType::application_data) ++records_made_;
        rest.remove_prefix(std::min(rest.size(), header.record_bytes()));
    }
}

void OpensslConnection::note_failure() {
    if (failure_ != HandshakeFailure::none) return ERR_clear_error();
    const unsigned long error = ERR_peek_last_error();
    const char* reason = ERR_reason_error_string(error);
    note_failure(failure_of(error), reason != nullptr ? reason : "unknown");
    ERR_clear_error();
}

void OpensslConnection::note_failure(HandshakeFailure failure, std::string why) {
    if (failure_ != HandshakeFailure::none) return;
    failure_ = failure;
    why_ = std::move(why);
}

void OpensslConnection::listen_for_secrets(bool listens) noexcept {
    const SSL_CTX_keylog_cb_func hears = [](const SSL* ssl, const char* line) { of(ssl).note_secret(line); };
    SSL_CTX_set_keylog_callback(SSL_get_SSL_CTX(ssl_.get()), listens ? hears : nullptr);
}

// "LABEL <random of the client> <secret>", all in hex.
void OpensslConnection::note_secret(std::string_view line) noexcept {
    const size_t last = line.rfind(' ');
    if (last == std::string_view::npos) return;
    const std::string_view secret = line.substr(last + 1);
    bool read = true;
    if (line.starts_with("CLIENT_TRAFFIC_SECRET_0 ")) read = read_secret(secret, client_secret_);
    if (line.starts_with("SERVER_TRAFFIC_SECRET_0 ")) read = read_secret(secret, server_secret_);
    if (!read) client_secret_ = {};
}

// ---- what it leaves

ConnectionInfo OpensslConnection::info() const {
    ConnectionInfo info;
    info.server_name = server_name_;
    info.version = static_cast<uint16_t>(SSL_version(ssl_.get()));
    info.suite = SSL_CIPHER_get_protocol_id(SSL_get_current_cipher(ssl_.get()));
    info.resumed = SSL_session_reused(ssl_.get()) == 1;
    return info;
}

std::optional<TakenKeys> OpensslConnection::take_keys() {
    if (!own_records_) return std::nullopt;
    const Suite* suite = find_suite(SSL_CIPHER_get_protocol_id(SSL_get_current_cipher(ssl_.get())));
    // Shorter records than ours are agreed upon (RFC 6066 §4) by clients with very little memory only.
    const bool short_records = SSL_SESSION_get_max_fragment_length(SSL_get_session(ssl_.get())) != 0;
    if (suite == nullptr || short_records) return std::nullopt;
    auto keys = engine_.secrets.make();
    if (keys == nullptr) return std::nullopt;
    const bool taken = suite->version == Version::tls13 ? take_tls13(*suite, *keys) : take_tls12(*suite, *keys);
    if (!taken) return std::nullopt;
    return TakenKeys{suite, std::move(keys)};
}

bool OpensslConnection::take_tls13(const Suite& suite, Secrets& secrets) const {
    const bool whole =
        client_secret_.bytes().size() == suite.hash_bytes() && server_secret_.bytes().size() == suite.hash_bytes();
    if (!whole) return false;
    const bool server = role_ == Role::server;
    use_secret(suite, server ? client_secret_ : server_secret_, secrets.read);
    use_secret(suite, server ? server_secret_ : client_secret_, secrets.write);
    // What a client says last in the handshake is protected with other keys.
    secrets.write.sequence = server ? records_made_ : 0;
    return true;
}

// We have protected one record, our Finished; the peer may have cut its own to pieces.
bool OpensslConnection::take_tls12(const Suite& suite, Secrets& secrets) const {
    MasterSecret master;
    HandshakeRandom client{};
    HandshakeRandom server{};
    const size_t size =
        SSL_SESSION_get_master_key(SSL_get_session(ssl_.get()), master.resize(48).data(), MasterSecret::capacity);
    if (size != MasterSecret::capacity) return false;
    SSL_get_client_random(ssl_.get(), client.data(), client.size());
    SSL_get_server_random(ssl_.get(), server.data(), server.size());
    ConnectionKeys keys;
    derive_tls12_keys(suite, master, client, server, keys);
    const auto use = [](const RecordKey& key, RecordState& state) {
        state.secret.assign(key.key.bytes());
        state.iv = key.iv;
    };
    use(role_ == Role::server ? keys.client : keys.server, secrets.read);
    use(role_ == Role::server ? keys.server : keys.client, secrets.write);
    secrets.read.sequence = records_taken_;
    secrets.write.sequence = 1;
    return true;
}

bool OpensslConnection::may_say_nothing(Monotonic now) noexcept {
    constexpr uint8_t most_in_a_second = 100;
    if (now - empty_since_ >= std::chrono::seconds(1)) {
        empty_since_ = now;
        empty_records_ = 0;
    }
    return empty_records_++ < most_in_a_second;
}

int OpensslConnection::read(std::span<char> into) {
    ERR_clear_error();
    const int got = SSL_read(ssl_.get(), into.data(), static_cast<int>(into.size()));
    if (got > 0) return got;
    const int error = SSL_get_error(ssl_.get(), got);
    if (error == SSL_ERROR_ZERO_RETURN) return 0;
    if (error == SSL_ERROR_WANT_READ) return -1;
    ERR_clear_error();
    return -2;
}

size_t OpensslConnection::write(std::string_view content) {
    ERR_clear_error();
    const size_t size = std::min(content.size(), max_fragment_bytes);
    const int taken = SSL_write(ssl_.get(), content.data(), static_cast<int>(size));
    if (taken > 0) return static_cast<size_t>(taken);
    ERR_clear_error();
    return 0;
}

void OpensslConnection::close_notify() {
    SSL_shutdown(ssl_.get());
    ERR_clear_error();
}

}  // namespace seki::tls
