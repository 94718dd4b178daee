#include "tls/own_handshake.h"

#include <algorithm>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <utility>

#include <openssl/tls1.h>

#include "base/check.h"
#include "tls/own_ticket.h"
#include "tls/signing.h"

namespace seki::tls {

namespace {

// RFC 8446 §4.
enum Message : uint8_t {
    server_hello_type = 2,
    new_session_ticket = 4,
    encrypted_extensions = 8,
    certificate_type = 11,
    certificate_verify = 15,
    finished = 20,
};

constexpr uint16_t record_version = 0x0303;  // whatever the connection's is
constexpr uint8_t psk_with_key_exchange = 1;
constexpr size_t message_head_bytes = 4;
constexpr size_t random_bytes = 32;
// For middleboxes that know TLS 1.2 only (RFC 8446 §D.4).
constexpr std::string_view change_cipher_spec("\x14\x03\x03\x00\x01\x01", 6);

Bytes fragment_of(std::string_view record) noexcept { return bytes_of(record.substr(record_header_bytes)); }

HashValue expand(Hash hash, const HashValue& secret, std::string_view label, Bytes context, size_t size) {
    HashValue out;
    expand_label(hash, secret.bytes(), label, context, out.resize(size));
    return out;
}

// Derive-Secret (RFC 8446 §7.1), of what was said so far.
HashValue derive_secret(Hash hash, const HashValue& secret, std::string_view label, const RunningHash& transcript) {
    return expand(hash, secret, label, transcript.value().bytes(), hash_bytes(hash));
}

// From one secret of the schedule to the next, with what is new.
HashValue next_in_schedule(Hash hash, const HashValue& secret, Bytes input) {
    const HashValue salt = derive_secret(hash, secret, "derived", RunningHash(hash));
    return hmac(hash, salt.bytes(), input);
}

HashValue early_secret(Hash hash, const HashValue& psk) {
    constexpr std::array<uint8_t, longest_hash_bytes> zeros{};
    const Bytes none = Bytes(zeros).first(hash_bytes(hash));
    return hmac(hash, none, psk.empty() ? none : psk.bytes());
}

HashValue finished_code(Hash hash, Bytes secret, const HashValue& transcript) {
    HashValue key;
    expand_label(hash, secret, "finished", {}, key.resize(hash_bytes(hash)));
    return hmac(hash, key.bytes(), transcript.bytes());
}

bool same(Bytes a, Bytes b) noexcept {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

void add_extension(WireWriter& out, Extension type, const auto& fill) {
    out.u16(static_cast<uint16_t>(type));
    out.list(2, fill);
}

// RFC 8446 §4.4.2.1.
void add_status(WireWriter& out, std::string_view ocsp_response) {
    add_extension(out, Extension::status_request, [&] {
        out.u8(ocsp_status);
        out.list(3, [&] { out.raw(ocsp_response); });
    });
}

}  // namespace

std::unique_ptr<OwnHandshake> OwnHandshake::begin(std::shared_ptr<const ServerContext> context,
                                                  std::string_view record) {
    if (!context->shakes_hands_by_itself()) return nullptr;
    const RecordHeader header = read_record_header(record);
    if (header.type != ContentType::handshake || header.record_bytes() != record.size()) return nullptr;
    const Bytes message = fragment_of(record);
    const auto hello = ClientHello::read(message);
    if (!hello) return nullptr;
    std::unique_ptr<OwnHandshake> made(new OwnHandshake(std::move(context)));
    if (!made->agree(*hello)) return nullptr;
    made->try_ticket(*hello, message);
    return made->answer(*hello, message) ? std::move(made) : nullptr;
}

OwnHandshake::~OwnHandshake() {
    CipherCache& ciphers = *context_->engine().ciphers;
    for (Secrets* keys : {handshake_keys_.get(), connection_keys_.get()}) {
        if (keys == nullptr) continue;
        ciphers.forget(keys->read.cipher);
        ciphers.forget(keys->write.cipher);
    }
}

// ---- what is agreed upon

bool OwnHandshake::agree(const ClientHello& hello) {
    info_.version = TLS1_3_VERSION;
    info_.server_name = server_name_of(hello.server_name);
    asks_status_ = hello.asks_status;
    limits_records_ = hello.record_size_limit > 0;
    // Its own includes the byte that says of what type it is (RFC 8449 §4).
    if (limits_records_)
        max_fragment_ = static_cast<uint16_t>(std::min<size_t>(max_fragment_bytes, hello.record_size_limit - 1));
    keeps_sessions_ = std::ranges::find(hello.psk_modes, psk_with_key_exchange) != hello.psk_modes.end();
    return choose_suite(hello) && choose_group(hello) && choose_protocol(hello) && choose_certificate(hello);
}

// In the client's order, as OpenSSL does.
bool OwnHandshake::choose_suite(const ClientHello& hello) {
    for (WireReader each(hello.suites); !each.empty();) {
        suite_ = context_->tls13_suite(each.u16());
        if (suite_ != nullptr) break;
    }
    if (suite_ == nullptr) return false;
    info_.suite = suite_->id;
    return true;
}

bool OwnHandshake::choose_group(const ClientHello& hello) {
    for (WireReader each(hello.key_shares); !each.empty();) {
        const uint16_t group = each.u16();
        static_cast<void>(each.list16());
        if (!context_->takes_group(group) || !hello.offers_group(group)) continue;
        group_ = static_cast<Group>(group);
        return group_ == Group::x25519 || group_ == Group::p256;
    }
    return false;
}

bool OwnHandshake::choose_protocol(const ClientHello& hello) {
    if (hello.protocols.empty()) return true;
    const auto chosen = choose_alpn(context_->settings().protocols, hello.protocols);
    info_.protocol = chosen.value_or(Alpn::none);
    return chosen.has_value();
}

// The client says which algorithms it likes best, and so which of several kinds of keys.
bool OwnHandshake::choose_certificate(const ClientHello& hello) {
    const auto found = context_->certificates().shown_for(info_.server_name);
    took_default_ = found.is_default;
    size_t best = SIZE_MAX;
    for (const CertificatePtr& certificate : found.candidates) {
        const ParsedCertificate* const parsed = context_->engine().certificates.get(certificate);
        if (parsed == nullptr) continue;
        const uint16_t algorithm = signature_algorithm(parsed->key.get());
        if (algorithm == 0) continue;  // a kind of key that OpenSSL signs with
        const size_t rank = hello.rank_of_signature(algorithm);
        if (rank >= best) continue;
        best = rank;
        info_.certificate = certificate;
        signature_ = algorithm;
    }
    return info_.certificate != nullptr;
}

// The first one only: a client that has several puts the newest there.
void OwnHandshake::try_ticket(const ClientHello& hello, Bytes message) {
    // Where tickets are switched off, none from before counts either.
    if (!keeps_sessions_ || context_->settings().tickets == 0 || hello.psk_identities.empty()) return;
    WireReader identities(hello.psk_identities);
    WireReader binders(hello.psk_binders);
    const Bytes identity = identities.list16();
    const Bytes binder = binders.list8();
    Engine& engine = context_->engine();
    const auto ticket = open_ticket(engine.tickets, engine.loop.wall(), identity);
    if (!ticket || ticket->hash != suite_->hash) return;
    if (ticket->bound_to != context_->session_binding(info_.server_name)) return;
    RunningHash said(suite_->hash);
    said.add(message.first(hello.bytes_before_binders));
    const HashValue key = derive_secret(suite_->hash, early_secret(suite_->hash, ticket->secret), "res binder",
                                        RunningHash(suite_->hash));
    if (!same(finished_code(suite_->hash, key.bytes(), said.value()).bytes(), binder)) return;
    psk_ = ticket->secret;
    info_.resumed = true;
}

// ---- our flight

bool OwnHandshake::answer(const ClientHello& hello, Bytes message) {
    Engine& engine = context_->engine();
    handshake_keys_ = engine.secrets.make();
    connection_keys_ = engine.secrets.make();
    const auto agreed = engine.exchange.agree(group_, hello.share_of(group_));
    if (handshake_keys_ == nullptr || connection_keys_ == nullptr || !agreed) return false;
    transcript_.emplace(suite_->hash);
    transcript_->add(message);
    const std::string opening = server_hello(hello, agreed->share());
    if (opening.empty()) return false;
    transcript_->add(opening);
    WireWriter out(output_);
    out.u8(static_cast<uint8_t>(ContentType::handshake));
    out.u16(record_version);
    out.list(2, [&] { out.raw(opening); });
    if (!hello.session_id.empty()) out.raw(change_cipher_spec);
    derive_handshake_secrets(agreed->secret.bytes());
    if (!say_flight()) return false;
    derive_connection_secrets();
    return true;
}

std::string OwnHandshake::server_hello(const ClientHello& hello, Bytes share) const {
    std::array<uint8_t, random_bytes> random;
    if (RAND_bytes(random.data(), random.size()) != 1) return {};
    std::string message;
    WireWriter out(message);
    out.u8(server_hello_type);
    out.list(3, [&] {
        out.u16(record_version);
        out.raw(Bytes(random));
        out.list(1, [&] { out.raw(hello.session_id); });
        out.u16(suite_->id);
        out.u8(0);  // no compression
        out.list(2, [&] {
            add_extension(out, Extension::supported_versions, [&] { out.u16(TLS1_3_VERSION); });
            add_extension(out, Extension::key_share, [&] {
                out.u16(static_cast<uint16_t>(group_));
                out.list(2, [&] { out.raw(share); });
            });
            if (!psk_.empty()) add_extension(out, Extension::pre_shared_key, [&] { out.u16(0); });
        });
    });
    return message;
}

bool OwnHandshake::say_flight() {
    std::string flight;
    add_message(flight, encrypted_extensions, [this](WireWriter& out) {
        out.list(2, [&] {
            if (!info_.server_name.empty() && !took_default_) add_extension(out, Extension::server_name, [] {});
            if (limits_records_)
                add_extension(out, Extension::record_size_limit, [&] { out.u16(max_fragment_bytes + 1); });
            if (info_.protocol == Alpn::none) return;
            add_extension(out, Extension::alpn,
                          [&] { out.list(2, [&] { out.list(1, [&] { out.raw(name_of(info_.protocol)); }); }); });
        });
    });
    if (psk_.empty() && !show_certificate(flight)) return false;
    const HashValue code = finished_code(suite_->hash, handshake_keys_->write.secret.bytes(), transcript_->value());
    add_message(flight, finished, [&](WireWriter& out) { out.raw(code.bytes()); });
    return seal_records(ContentType::handshake, flight, handshake_keys_->write);
}

void OwnHandshake::add_message(std::string& flight, uint8_t type, const auto& fill) {
    const size_t begin = flight.size();
    WireWriter out(flight);
    out.u8(type);
    out.list(3, [&] { fill(out); });
    transcript_->add(std::string_view(flight).substr(begin));
}

bool OwnHandshake::show_certificate(std::string& flight) {
    const Certificate& certificate = *info_.certificate;
    const std::string_view staple =
        asks_status_ ? certificate.staple(context_->engine().loop.wall()) : std::string_view();
    add_message(flight, certificate_type, [&](WireWriter& out) {
        const auto add_entry = [&](std::string_view der, std::string_view status = {}) {
            out.list(3, [&] { out.raw(der); });
            out.list(2, [&] {
                if (!status.empty()) add_status(out, status);
            });
        };
        out.u8(0);  // no context: nobody asked for it during the connection
        out.list(3, [&] {
            add_entry(certificate.leaf, staple);
            if (certificate.chain == nullptr) return;
            for (const std::string_view link : certificate.chain->links) add_entry(link);
        });
    });
    std::string signed_text(64, ' ');
    signed_text.append("TLS 1.3, server CertificateVerify").push_back('\0');
    signed_text += text_of(transcript_->value().bytes());
    const ParsedCertificate* const parsed = context_->engine().certificates.get(info_.certificate);
    if (parsed == nullptr) return false;
    const std::string signature = sign(signature_, parsed->key.get(), signed_text);
    add_message(flight, certificate_verify, [&](WireWriter& out) {
        out.u16(signature_);
        out.list(2, [&] { out.raw(signature); });
    });
    return !signature.empty();
}

bool OwnHandshake::seal_records(ContentType type, std::string_view content, RecordState& state) {
    Engine& engine = context_->engine();
    while (!content.empty()) {
        const std::string_view piece = content.substr(0, max_fragment_);
        content.remove_prefix(piece.size());
        const size_t at = output_.size();
        output_.resize(at + sealed_bytes(*suite_, piece.size()));
        if (!seal(*engine.ciphers, *suite_, state, state.sequence++, type, piece, output_.data() + at)) return false;
    }
    return true;
}

void OwnHandshake::derive_handshake_secrets(Bytes shared) {
    const Hash hash = suite_->hash;
    secret_ = next_in_schedule(hash, early_secret(hash, psk_), shared);
    use_secret(*suite_, derive_secret(hash, secret_, "c hs traffic", *transcript_), handshake_keys_->read);
    use_secret(*suite_, derive_secret(hash, secret_, "s hs traffic", *transcript_), handshake_keys_->write);
}

void OwnHandshake::derive_connection_secrets() {
    const Hash hash = suite_->hash;
    constexpr std::array<uint8_t, longest_hash_bytes> zeros{};
    secret_ = next_in_schedule(hash, secret_, Bytes(zeros).first(hash_bytes(hash)));
    use_secret(*suite_, derive_secret(hash, secret_, "c ap traffic", *transcript_), connection_keys_->read);
    use_secret(*suite_, derive_secret(hash, secret_, "s ap traffic", *transcript_), connection_keys_->write);
}

// ---- the client's

void OwnHandshake::sent(size_t bytes) noexcept {
    sent_ += bytes;
    if (sent_ < output_.size()) return;
    output_.clear();
    sent_ = 0;
}

HandshakeStep OwnHandshake::take(std::string_view record) {
    const Bytes fragment = fragment_of(record);
    switch (read_record_header(record).type) {
        case ContentType::application_data:
            return take_protected(record);
        case ContentType::change_cipher_spec:
            // It means nothing, and stands in front of the Finished (RFC 8446 §5).
            if (message_.empty() && !std::exchange(saw_change_cipher_spec_, true) && text_of(fragment) == "\x01")
                return HandshakeStep::more;
            break;
        case ContentType::alert:
            return take_alert(text_of(fragment));
        case ContentType::handshake:
            break;
    }
    return fail(HandshakeFailure::malformed, Alert::unexpected_message, "unexpected record");
}

HandshakeStep OwnHandshake::take_protected(std::string_view record) {
    std::string copy(record);
    Engine& engine = context_->engine();
    const Opened opened = open(*engine.ciphers, *suite_, handshake_keys_->read, copy);
    if (!opened.good()) return fail(HandshakeFailure::malformed, opened.alert, "a record that cannot be read");
    if (opened.type == ContentType::alert) return take_alert(opened.content);
    if (opened.type != ContentType::handshake || opened.content.empty())
        return fail(HandshakeFailure::malformed, Alert::unexpected_message, "unexpected record");
    message_ += opened.content;
    const size_t whole = message_head_bytes + hash_bytes(suite_->hash);
    const std::string head{static_cast<char>(finished), '\0', '\0', static_cast<char>(hash_bytes(suite_->hash))};
    if (message_.front() != head.front())
        return fail(HandshakeFailure::malformed, Alert::unexpected_message, "unexpected message");
    if (std::string_view(head).substr(0, message_.size()) != std::string_view(message_).substr(0, head.size()))
        return fail(HandshakeFailure::malformed, Alert::decode_error, "a Finished of another length");
    // With it the keys change: nothing may stand behind it in its record (RFC 8446 §5.1).
    if (message_.size() > whole)
        return fail(HandshakeFailure::malformed, Alert::unexpected_message, "something behind the Finished");
    return message_.size() < whole ? HandshakeStep::more : take_finished();
}

HandshakeStep OwnHandshake::take_finished() {
    const HashValue expected = finished_code(suite_->hash, handshake_keys_->read.secret.bytes(), transcript_->value());
    if (!same(expected.bytes(), bytes_of(message_).subspan(message_head_bytes)))
        return fail(HandshakeFailure::malformed, Alert::decrypt_error, "the client's Finished is not right");
    transcript_->add(message_);
    if (keeps_sessions_ && !say_tickets())
        return fail(HandshakeFailure::internal, Alert::internal_error, "a ticket cannot be made");
    return HandshakeStep::done;
}

// All in one record, unless the client takes only short ones.
bool OwnHandshake::say_tickets() {
    Engine& engine = context_->engine();
    const HashValue master = derive_secret(suite_->hash, secret_, "res master", *transcript_);
    OwnTicket ticket;
    const WallTime now = engine.loop.wall();
    ticket.hash = suite_->hash;
    ticket.made_at_s = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
    ticket.bound_to = context_->session_binding(info_.server_name);
    std::string flight;
    for (uint32_t number = 0; number < context_->settings().tickets; ++number) {
        const std::array<uint8_t, 1> nonce{static_cast<uint8_t>(number)};
        ticket.secret = expand(suite_->hash, master, "resumption", nonce, hash_bytes(suite_->hash));
        const std::string sealed = seal_ticket(engine.tickets, now, ticket);
        uint32_t age_add = 0;
        if (sealed.empty() || RAND_bytes(reinterpret_cast<uint8_t*>(&age_add), sizeof age_add) != 1) return false;
        WireWriter out(flight);
        out.u8(new_session_ticket);
        out.list(3, [&] {
            out.u32(static_cast<uint64_t>(engine.tickets.window() / std::chrono::seconds(1)));
            out.u32(age_add);
            out.list(1, [&] { out.raw(Bytes(nonce)); });
            out.list(2, [&] { out.raw(sealed); });
            out.u16(0);  // no extensions
        });
    }
    return seal_records(ContentType::handshake, flight, connection_keys_->write);
}

HandshakeStep OwnHandshake::take_alert(std::string_view alert) {
    // RFC 8446 §5.1.
    if (alert.empty())
        return fail(HandshakeFailure::malformed, Alert::unexpected_message, "an alert that says nothing");
    const auto code = alert.size() == 2 ? static_cast<uint8_t>(alert[1]) : uint8_t{0};
    failure_ = HandshakeFailure::alert;
    why_ = fmt::format("alert {}", code);
    return HandshakeStep::failed;
}

// Everything that we say since our Finished is under the keys of the connection.
HandshakeStep OwnHandshake::fail(HandshakeFailure failure, Alert alert, std::string why) {
    failure_ = failure;
    why_ = std::move(why);
    const std::string words{'\2', static_cast<char>(alert)};
    if (!seal_records(ContentType::alert, words, connection_keys_->write)) output_.clear();
    return HandshakeStep::failed;
}

std::optional<TakenKeys> OwnHandshake::take_keys() {
    return TakenKeys{suite_, std::move(connection_keys_), max_fragment_};
}

}  // namespace seki::tls
