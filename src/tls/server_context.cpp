#include "tls/server_context.h"

#include <algorithm>
#include <array>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/rand.h>

#include "tls/client_hello.h"
#include "tls/handshaking.h"
#include "tls/hash.h"

namespace seki::tls {

namespace {

constexpr std::array<std::string_view, 4> default_groups{"X25519MLKEM768", "x25519", "P-256", "P-384"};

// Where OpenSSL calls one otherwise than everybody else.
std::string group_name(std::string_view name) {
    return name == "x25519" ? "X25519" : name == "x448" ? "X448" : std::string(name);
}

// RFC 8446 §4.2.7. 0: none that stands in front of ours in a client's list of shares.
uint16_t group_id(std::string_view name) noexcept {
    if (name == "X25519") return 0x001D;
    if (name == "P-256") return 0x0017;
    return name == "X25519MLKEM768" ? 0x11EC : 0;
}

// The library's macros take texts that could be written to.
bool set_groups(SSL_CTX* context, std::string names) {
    const bool set = SSL_CTX_set1_groups_list(context, names.data()) == 1;
    ERR_clear_error();
    return set;
}

bool set_signature_algorithms(SSL_CTX* context, std::string names) {
    const bool set = SSL_CTX_set1_sigalgs_list(context, names.data()) == 1;
    ERR_clear_error();
    return set;
}

std::vector<std::string> wanted_groups(const std::vector<std::string>& groups) {
    return groups.empty() ? std::vector<std::string>(default_groups.begin(), default_groups.end()) : groups;
}

std::string joined(const std::vector<std::string>& names) { return fmt::format("{}", fmt::join(names, ":")); }

void on_progress(const SSL* ssl, int where, int) {
    if (where == SSL_CB_ACCEPT_LOOP) Handshaking::of(ssl).progress();
}

int on_client_hello(SSL* ssl, int* alert, void*) { return Handshaking::of(ssl).client_hello(alert); }

int on_protocols(SSL* ssl, const unsigned char** chosen, unsigned char* chosen_size, const unsigned char* offered,
                 unsigned int offered_size, void*) {
    return Handshaking::of(ssl).choose_protocol(std::span(offered, offered_size), chosen, chosen_size);
}

int on_status(SSL* ssl, void*) { return Handshaking::of(ssl).show_status(); }

// A limit of less than 64 bytes is nobody's (RFC 8449 §4). Any other means nothing here: only handshakes of ours keep
// to it, and say so.
int on_record_size_limit(SSL*, unsigned, unsigned, const unsigned char* extension, size_t size, X509*, size_t,
                         int* alert, void*) {
    *alert = size == 2 ? SSL_AD_ILLEGAL_PARAMETER : SSL_AD_DECODE_ERROR;
    return size == 2 && (extension[0] << 8U | extension[1]) >= least_record_size ? 1 : 0;
}

// Where the library knows the extension itself, it does as much.
bool refuse_small_records(SSL_CTX* context) {
    constexpr auto type = static_cast<unsigned>(Extension::record_size_limit);
    if (SSL_extension_supported(type) == 1) return true;
    return SSL_CTX_add_custom_ext(context, type, SSL_EXT_CLIENT_HELLO, nullptr, nullptr, nullptr, on_record_size_limit,
                                  nullptr) == 1;
}

bool set_mac_key(EVP_MAC_CTX* mac, const TicketKey& key) {
    char digest[] = "SHA256";
    const auto bytes = key.mac_key.bytes();
    const std::array parameters{
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, const_cast<uint8_t*>(bytes.data()), bytes.size()),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0), OSSL_PARAM_construct_end()};
    return EVP_MAC_CTX_set_params(mac, parameters.data()) == 1;
}

// SSL_CTX_set_tlsext_ticket_key_evp_cb(3): 1 when the key is there, 2 when the ticket should be made anew, 0 when it
// cannot be used.
int on_ticket(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac, int making) {
    Engine& engine = Handshaking::of(ssl).context().engine();
    const WallTime now = engine.loop.wall();
    if (making == 1) {
        const TicketKey* key = engine.tickets.current(now);
        if (key == nullptr || RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) != 1) return -1;
        std::ranges::copy(key->name, name);
        const bool ready =
            EVP_EncryptInit_ex(cipher, EVP_aes_256_cbc(), nullptr, key->cipher_key.bytes().data(), iv) == 1;
        return ready && set_mac_key(mac, *key) ? 1 : -1;
    }
    const auto found =
        engine.tickets.find(&TicketKey::name, std::span<const uint8_t>(name, TicketKeyName{}.size()), now);
    if (!found) return 0;
    const bool ready =
        EVP_DecryptInit_ex(cipher, EVP_aes_256_cbc(), nullptr, found->key->cipher_key.bytes().data(), iv) == 1;
    if (!ready || !set_mac_key(mac, *found->key)) return -1;
    return found->current ? 1 : 2;
}

int on_client_chain(X509_STORE_CTX* chain, void*) {
    const void* const ssl = X509_STORE_CTX_get_ex_data(chain, SSL_get_ex_data_X509_STORE_CTX_idx());
    return Handshaking::of(static_cast<const SSL*>(ssl)).judge_client(chain) ? 1 : 0;
}

int on_ticket_made(SSL* ssl, void*) { return Handshaking::of(ssl).write_session_end() ? 1 : 0; }

SSL_TICKET_RETURN on_ticket_read(SSL* ssl, SSL_SESSION* session, const unsigned char*, size_t, SSL_TICKET_STATUS status,
                                 void*) {
    const bool read = status == SSL_TICKET_SUCCESS || status == SSL_TICKET_SUCCESS_RENEW;
    if (!read || !Handshaking::of(ssl).may_resume(session)) return SSL_TICKET_RETURN_IGNORE_RENEW;
    return status == SSL_TICKET_SUCCESS ? SSL_TICKET_RETURN_USE : SSL_TICKET_RETURN_USE_RENEW;
}

}  // namespace

std::vector<std::string> unavailable_groups(const std::vector<std::string>& groups) {
    const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> probe(SSL_CTX_new(TLS_server_method()), &SSL_CTX_free);
    std::vector<std::string> missing;
    for (const std::string& name : wanted_groups(groups)) {
        if (probe == nullptr || !set_groups(probe.get(), group_name(name))) missing.push_back(name);
    }
    return missing;
}

Result<std::shared_ptr<const ServerContext>> ServerContext::make(Engine& engine, ServerSettings settings,
                                                                 std::shared_ptr<const CertificateStore> certificates) {
    std::shared_ptr<ServerContext> made(new ServerContext(engine, std::move(settings), std::move(certificates)));
    if (auto ready = made->set_up(); !ready) return std::unexpected(ready.error());
    return made;
}

Result<> ServerContext::set_up() {
    context_.reset(SSL_CTX_new(TLS_server_method()));
    if (context_ == nullptr) return failure("no memory for TLS");
    SSL_CTX* const context = context_.get();
    if (!settings_.tls12 && !settings_.tls13) return failure("neither TLS 1.2 nor TLS 1.3 is offered");
    SSL_CTX_set_min_proto_version(context, settings_.tls12 ? TLS1_2_VERSION : TLS1_3_VERSION);
    SSL_CTX_set_max_proto_version(context, settings_.tls13 ? TLS1_3_VERSION : TLS1_2_VERSION);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(context, settings_.tickets);
    SSL_CTX_set_timeout(context, engine_.tickets.window() / std::chrono::seconds(1));
    if (settings_.tickets == 0) SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
    SSL_CTX_set_tlsext_ticket_key_evp_cb(context, on_ticket);
    SSL_CTX_set_client_hello_cb(context, on_client_hello, nullptr);
    SSL_CTX_set_info_callback(context, on_progress);
    SSL_CTX_set_alpn_select_cb(context, on_protocols, nullptr);
    SSL_CTX_callback_ctrl(context, SSL_CTRL_SET_TLSEXT_STATUS_REQ_CB, reinterpret_cast<void (*)()>(on_status));
    if (!refuse_small_records(context)) return failure("no memory for TLS");
    if (auto set = set_ciphers(); !set) return set;
    if (auto set = set_groups(); !set) return set;
    return set_clients();
}

Result<> ServerContext::set_clients() {
    policy_digest_ = settings_.clients.digest();
    if (!settings_.clients.asks()) return {};
    auto verifier = ClientVerifier::make(settings_.clients);
    if (!verifier) return std::unexpected(verifier.error());
    clients_ = std::move(*verifier);
    SSL_CTX_set_cert_verify_callback(context_.get(), on_client_chain, nullptr);
    SSL_CTX_set_session_ticket_cb(context_.get(), on_ticket_made, on_ticket_read, nullptr);
    return clients_->install(context_.get());
}

Result<> ServerContext::set_ciphers() {
    std::vector<std::string> tls12;
    std::vector<std::string> tls13;
    for (const std::string& name : settings_.ciphers) {
        const Suite* suite = find_suite(name);
        if (suite == nullptr) return failure("cipher '{}' is not known", name);
        (suite->version == Version::tls13 ? tls13 : tls12).emplace_back(suite->openssl);
        if (suite->version == Version::tls13) tls13_suites_.push_back(suite);
    }
    if (settings_.ciphers.empty()) tls12 = {"ECDHE+AESGCM", "ECDHE+CHACHA20"};
    const bool has_tls12 = tls12.empty() || SSL_CTX_set_cipher_list(context_.get(), joined(tls12).c_str()) == 1;
    const bool has_tls13 = tls13.empty() || SSL_CTX_set_ciphersuites(context_.get(), joined(tls13).c_str()) == 1;
    ERR_clear_error();
    if (!has_tls12 || !has_tls13) return failure("the TLS library takes none of these ciphers");
    if (tls12.empty()) SSL_CTX_set_min_proto_version(context_.get(), TLS1_3_VERSION);
    if (tls13.empty() && !settings_.ciphers.empty()) SSL_CTX_set_max_proto_version(context_.get(), TLS1_2_VERSION);
    return {};
}

ServerContext::SessionBinding ServerContext::session_binding(std::string_view server_name) const {
    RunningHash hash(Hash::sha256);
    hash.add(policy_digest_);
    hash.add(server_name);
    SessionBinding binding;
    std::ranges::copy(hash.value().bytes(), binding.begin());
    return binding;
}

bool ServerContext::shakes_hands_by_itself() const noexcept {
    return settings_.tls13 && settings_.own_records && settings_.signature_algorithms.empty() && clients_ == nullptr;
}

const Suite* ServerContext::tls13_suite(uint16_t id) const noexcept {
    const Suite* const suite = find_suite(id);
    if (suite == nullptr || suite->version != Version::tls13) return nullptr;
    const bool taken = settings_.ciphers.empty() || std::ranges::find(tls13_suites_, suite) != tls13_suites_.end();
    return taken ? suite : nullptr;
}

bool ServerContext::takes_group(uint16_t id) const noexcept { return std::ranges::find(groups_, id) != groups_.end(); }

Result<> ServerContext::set_groups() {
    std::vector<std::string> groups;
    for (const std::string& name : wanted_groups(settings_.groups)) {
        if (tls::set_groups(context_.get(), group_name(name))) groups.push_back(group_name(name));
    }
    if (groups.empty()) return failure("the TLS library has none of these groups");
    if (!tls::set_groups(context_.get(), joined(groups)))
        return failure("the TLS library does not take these groups together");
    for (const std::string& name : groups) groups_.push_back(group_id(name));
    const std::vector<std::string>& algorithms = settings_.signature_algorithms;
    if (algorithms.empty() || set_signature_algorithms(context_.get(), joined(algorithms))) return {};
    return failure("the TLS library does not take these signature algorithms");
}

}  // namespace seki::tls
