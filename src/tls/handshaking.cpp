#include "tls/handshaking.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <utility>

#include "base/ascii.h"
#include "base/hex.h"

namespace seki::tls {

namespace {

int slot_in_ssl() {
    static const int slot = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
    return slot;
}

uint32_t big_endian(std::span<const uint8_t> bytes) noexcept {
    uint32_t number = 0;
    for (const uint8_t byte : bytes) number = (number << 8U) | byte;
    return number;
}

// The first name of the extension (RFC 6066 §3): lower case, without the dot that some put at the end. Empty: there is
// none that could be one.
std::string server_name_of(std::span<const uint8_t> extension) {
    constexpr uint8_t host_name = 0;
    constexpr size_t head = 5;  // length of the list, type, length of the name
    constexpr size_t longest_name = 255;
    if (extension.size() <= head || extension[2] != host_name) return {};
    const size_t size = big_endian(extension.subspan(3, 2));
    if (size == 0 || size > longest_name || size > extension.size() - head) return {};
    std::string name(reinterpret_cast<const char*>(extension.data()) + head, size);
    write_lower(name, name.data());
    if (name.back() == '.') name.pop_back();
    const bool sane = std::ranges::all_of(name, [](char c) { return c > ' ' && c < '\x7f'; });
    return sane ? name : std::string();
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

std::unique_ptr<Handshaking> Handshaking::accept(std::shared_ptr<const ServerContext> context) {
    std::unique_ptr<Handshaking> made(new Handshaking(std::move(context)));
    return made->set_up() ? std::move(made) : nullptr;
}

bool Handshaking::set_up() {
    ssl_.reset(SSL_new(context_->get()));
    in_ = BIO_new(BIO_s_mem());
    out_ = BIO_new(BIO_s_mem());
    if (ssl_ == nullptr || in_ == nullptr || out_ == nullptr || SSL_set_ex_data(ssl_.get(), slot_in_ssl(), this) != 1) {
        BIO_free(in_);
        BIO_free(out_);
        return false;
    }
    BIO_set_mem_eof_return(in_, -1);
    SSL_set_bio(ssl_.get(), in_, out_);
    SSL_set_accept_state(ssl_.get());
    return true;
}

Handshaking& Handshaking::of(const SSL* ssl) noexcept {
    return *static_cast<Handshaking*>(SSL_get_ex_data(ssl, slot_in_ssl()));
}

// ---- the handshake

Handshaking::Step Handshaking::take(std::string_view record) {
    if (BIO_write(in_, record.data(), static_cast<int>(record.size())) != static_cast<int>(record.size())) {
        note_failure(HandshakeFailure::internal, "no memory for a record");
        return Step::failed;
    }
    if (SSL_is_init_finished(ssl_.get()) == 1) return Step::done;
    const size_t before = made().size();
    // To write secrets down takes OpenSSL longer than to make them: it is asked for two of five.
    listen_for_secrets(!server_secret_.empty());
    ERR_clear_error();
    const int done = SSL_do_handshake(ssl_.get());
    count_records(before);
    if (done == 1) return note_client() ? Step::done : Step::failed;
    if (SSL_get_error(ssl_.get(), done) == SSL_ERROR_WANT_READ) return Step::more;
    note_failure();
    return Step::failed;
}

std::string_view Handshaking::made() const noexcept {
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(out_, &bytes);
    return {bytes, static_cast<size_t>(size)};
}

void Handshaking::sent(size_t bytes) noexcept {
    output_sent_ += bytes;
    if (output_sent_ < made().size()) return;
    output_sent_ = 0;
    static_cast<void>(BIO_reset(out_));
}

// With its last records of the handshake the peer's keys change for the last time: all of this kind that are made then
// are the first ones of the new key (the tickets of TLS 1.3).
void Handshaking::count_records(size_t before) {
    records_made_ = 0;
    for (std::string_view rest = made().substr(before); rest.size() >= record_header_bytes;) {
        const RecordHeader header = read_record_header(rest);
        if (header.type == ContentType::application_data) ++records_made_;
        rest.remove_prefix(std::min(rest.size(), header.record_bytes()));
    }
}

void Handshaking::note_failure() {
    if (failure_ != HandshakeFailure::none) return ERR_clear_error();
    const unsigned long error = ERR_peek_last_error();
    const char* reason = ERR_reason_error_string(error);
    note_failure(failure_of(error), reason != nullptr ? reason : "unknown");
    ERR_clear_error();
}

void Handshaking::note_failure(HandshakeFailure failure, std::string why) {
    if (failure_ != HandshakeFailure::none) return;
    failure_ = failure;
    why_ = std::move(why);
}

// Before anything costly is done: a name that nobody has ends here.
int Handshaking::client_hello(int* alert) {
    const unsigned char* extension = nullptr;
    size_t size = 0;
    if (SSL_client_hello_get0_ext(ssl_.get(), TLSEXT_TYPE_server_name, &extension, &size) == 1)
        server_name_ = server_name_of(std::span(extension, size));
    const CertificateStore& certificates = context_->certificates();
    candidates_ = certificates.find(server_name_);
    if (candidates_.empty() && certificates.default_certificate() != nullptr) {
        candidates_.push_back(certificates.default_certificate());
        took_default_ = true;
    }
    if (candidates_.empty()) {
        note_failure(HandshakeFailure::no_certificate, "no certificate for this name");
        *alert = SSL_AD_UNRECOGNIZED_NAME;
        return SSL_CLIENT_HELLO_ERROR;
    }
    if (use(candidates_) && bind_sessions_to_policy()) return SSL_CLIENT_HELLO_SUCCESS;
    note_failure(HandshakeFailure::internal, "the certificate cannot be used");
    *alert = SSL_AD_INTERNAL_ERROR;
    return SSL_CLIENT_HELLO_ERROR;
}

bool Handshaking::use(const Candidates& candidates) {
    bool any = false;
    for (const CertificatePtr& certificate : candidates) {
        const ParsedCertificate* parsed = context_->engine().certificates.get(certificate);
        any |= parsed != nullptr &&
               SSL_use_cert_and_key(ssl_.get(), parsed->leaf.get(), parsed->key.get(), parsed->chain.get(), 1) == 1;
    }
    ERR_clear_error();  // of those that cannot be used: the handshake would take it for its own
    return any;
}

// A session under another policy, or of another name, is none here.
bool Handshaking::bind_sessions_to_policy() {
    const std::string text = context_->policy_digest() + server_name_;
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    return EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha256(), nullptr) == 1 &&
           SSL_set_session_id_context(ssl_.get(), digest, size) == 1;
}

bool Handshaking::judge_client(X509_STORE_CTX* chain) {
    const X509* const certificate = X509_STORE_CTX_get0_cert(chain);
    const ClientVerifier::Verdict verdict = context_->clients()->judge(chain, context_->engine().loop.wall());
    client_ = read_client_certificate(*certificate);
    if (verdict.good && client_ != nullptr) {
        client_good_until_ = verdict.good_until;
        SSL_set_num_tickets(ssl_.get(), ClientVerifier::tickets_for(*certificate, context_->settings().tickets));
        return true;
    }
    if (verdict.good) X509_STORE_CTX_set_error(chain, X509_V_ERR_CERT_REJECTED);
    note_failure(HandshakeFailure::bad_client_certificate,
                 client_ != nullptr ? fmt::format("{}, of '{}'", verdict.why, client_->subject)
                                    : "the names in the client's certificate are too long");
    ERR_clear_error();
    return false;
}

bool Handshaking::write_session_end() {
    if (SSL_session_reused(ssl_.get()) == 1) return true;  // it says so already
    Engine& engine = context_->engine();
    const WallTime end = std::min(client_good_until_, engine.loop.wall() + engine.tickets.window());
    const int64_t nanoseconds = end.time_since_epoch().count();
    return SSL_SESSION_set1_ticket_appdata(SSL_get_session(ssl_.get()), &nanoseconds, sizeof nanoseconds) == 1;
}

bool Handshaking::may_resume(SSL_SESSION* session) {
    void* data = nullptr;
    size_t size = 0;
    int64_t nanoseconds = 0;
    if (SSL_SESSION_get0_ticket_appdata(session, &data, &size) != 1 || size != sizeof nanoseconds) return false;
    std::memcpy(&nanoseconds, data, sizeof nanoseconds);
    if (const X509* certificate = SSL_SESSION_get0_peer(session); certificate != nullptr)
        SSL_set_num_tickets(ssl_.get(), ClientVerifier::tickets_for(*certificate, context_->settings().tickets));
    return context_->engine().loop.wall().time_since_epoch().count() < nanoseconds;
}

// Whatever the library has let through, nobody comes past the policy here.
bool Handshaking::note_client() {
    if (context_->clients() == nullptr) return true;
    const X509* const certificate = SSL_get0_peer_certificate(ssl_.get());
    if (certificate != nullptr && SSL_session_reused(ssl_.get()) == 1) client_ = read_client_certificate(*certificate);
    const bool known = certificate != nullptr && client_ != nullptr && SSL_get_verify_result(ssl_.get()) == X509_V_OK;
    const bool may_be_unknown = certificate == nullptr && client_ == nullptr &&
                                context_->settings().clients.mode == ClientPolicy::Mode::optional;
    if (known || may_be_unknown) return true;
    note_failure(HandshakeFailure::internal, "the client's certificate was not looked at");
    return false;
}

int Handshaking::choose_protocol(std::span<const uint8_t> offered, const uint8_t** chosen, uint8_t* chosen_size) {
    for (const Alpn mine : context_->settings().protocols) {
        for (auto rest = offered; !rest.empty() && rest.size() > rest[0]; rest = rest.subspan(1U + rest[0])) {
            const auto theirs = rest.subspan(1, rest[0]);
            if (std::string_view(reinterpret_cast<const char*>(theirs.data()), theirs.size()) != name_of(mine))
                continue;
            protocol_ = mine;
            *chosen = theirs.data();
            *chosen_size = rest[0];
            return SSL_TLSEXT_ERR_OK;
        }
    }
    note_failure(HandshakeFailure::no_protocol, "no protocol (ALPN) that both speak");
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

void Handshaking::listen_for_secrets(bool listens) noexcept {
    const SSL_CTX_keylog_cb_func hears = [](const SSL* ssl, const char* line) { of(ssl).note_secret(line); };
    SSL_CTX_set_keylog_callback(context_->get(), listens ? hears : nullptr);
}

// The secrets of the handshake itself are done with, those of the connection come next.
void Handshaking::progress() noexcept {
    if (SSL_get_state(ssl_.get()) == TLS_ST_SW_ENCRYPTED_EXTENSIONS) listen_for_secrets(true);
}

// "LABEL <random of the client> <secret>", all in hex.
void Handshaking::note_secret(std::string_view line) noexcept {
    const size_t last = line.rfind(' ');
    if (last == std::string_view::npos) return;
    const std::string_view secret = line.substr(last + 1);
    bool read = true;
    if (line.starts_with("CLIENT_TRAFFIC_SECRET_0 ")) read = read_secret(secret, client_secret_);
    if (line.starts_with("SERVER_TRAFFIC_SECRET_0 ")) {
        read = read_secret(secret, server_secret_);
        listen_for_secrets(false);
    }
    if (!read) client_secret_ = {};
}

// ---- what it leaves

CertificatePtr Handshaking::chosen_certificate() const {
    const X509* const used = SSL_get_certificate(ssl_.get());
    for (const CertificatePtr& certificate : candidates_) {
        const ParsedCertificate* parsed = context_->engine().certificates.get(certificate);
        if (parsed != nullptr && parsed->leaf.get() == used) return certificate;
    }
    return candidates_.front();
}

ConnectionInfo Handshaking::info() const {
    ConnectionInfo info;
    info.server_name = server_name_;
    info.certificate = chosen_certificate();
    info.client = client_;
    info.version = static_cast<uint16_t>(SSL_version(ssl_.get()));
    info.suite = SSL_CIPHER_get_protocol_id(SSL_get_current_cipher(ssl_.get()));
    info.protocol = protocol_;
    info.resumed = SSL_session_reused(ssl_.get()) == 1;
    return info;
}

std::optional<Handshaking::Taken> Handshaking::take_keys() {
    if (!context_->settings().own_records) return std::nullopt;
    const Suite* suite = find_suite(SSL_CIPHER_get_protocol_id(SSL_get_current_cipher(ssl_.get())));
    // Shorter records than ours are agreed upon (RFC 6066 §4) by clients with very little memory only.
    const bool short_records = SSL_SESSION_get_max_fragment_length(SSL_get_session(ssl_.get())) != 0;
    if (suite == nullptr || short_records) return std::nullopt;
    auto keys = context_->engine().secrets.make();
    if (keys == nullptr) return std::nullopt;
    const bool taken = suite->version == Version::tls13 ? take_tls13(*suite, *keys) : take_tls12(*suite, *keys);
    if (!taken) return std::nullopt;
    return Taken{suite, std::move(keys)};
}

bool Handshaking::take_tls13(const Suite& suite, Secrets& secrets) const {
    const bool whole =
        client_secret_.bytes().size() == suite.hash_bytes() && server_secret_.bytes().size() == suite.hash_bytes();
    if (!whole) return false;
    secrets.read.secret = client_secret_;
    secrets.write.secret = server_secret_;
    secrets.write.sequence = records_made_;
    return derive_record_key(suite, secrets.read.secret, secrets.read.key) &&
           derive_record_key(suite, secrets.write.secret, secrets.write.key);
}

// Each side has protected one record, its Finished.
bool Handshaking::take_tls12(const Suite& suite, Secrets& secrets) const {
    MasterSecret master;
    HandshakeRandom client{};
    HandshakeRandom server{};
    const size_t size =
        SSL_SESSION_get_master_key(SSL_get_session(ssl_.get()), master.resize(48).data(), MasterSecret::capacity);
    if (size != MasterSecret::capacity) return false;
    SSL_get_client_random(ssl_.get(), client.data(), client.size());
    SSL_get_server_random(ssl_.get(), server.data(), server.size());
    ConnectionKeys keys;
    if (!derive_tls12_keys(suite, master, client, server, keys)) return false;
    secrets.read.key = keys.client;
    secrets.write.key = keys.server;
    secrets.read.sequence = secrets.write.sequence = 1;
    return true;
}

bool Handshaking::may_say_nothing(Monotonic now) noexcept {
    constexpr uint8_t most_in_a_second = 100;
    if (now - empty_since_ >= std::chrono::seconds(1)) {
        empty_since_ = now;
        empty_records_ = 0;
    }
    return empty_records_++ < most_in_a_second;
}

int Handshaking::read(std::span<char> into) {
    ERR_clear_error();
    const int got = SSL_read(ssl_.get(), into.data(), static_cast<int>(into.size()));
    if (got > 0) return got;
    const int error = SSL_get_error(ssl_.get(), got);
    if (error == SSL_ERROR_ZERO_RETURN) return 0;
    if (error == SSL_ERROR_WANT_READ) return -1;
    ERR_clear_error();
    return -2;
}

size_t Handshaking::write(std::string_view content) {
    ERR_clear_error();
    const size_t size = std::min(content.size(), max_fragment_bytes);
    const int taken = SSL_write(ssl_.get(), content.data(), static_cast<int>(size));
    if (taken > 0) return static_cast<size_t>(taken);
    ERR_clear_error();
    return 0;
}

void Handshaking::close_notify() {
    SSL_shutdown(ssl_.get());
    ERR_clear_error();
}

}  // namespace seki::tls
