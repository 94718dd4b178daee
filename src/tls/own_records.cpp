#include "tls/own_records.h"

#include <algorithm>
#include <utility>

#include "base/siphash.h"

namespace seki::tls {

namespace {

constexpr char new_session_ticket_type = 4;  // RFC 8446 §4
constexpr char key_update_type = 24;
constexpr char update_requested = 1;

OwnRecords::Read broken(Alert alert) { return {.kind = OwnRecords::Read::Kind::broken, .content = {}, .alert = alert}; }

}  // namespace

OwnRecords::~OwnRecords() {
    engine_.ciphers->forget(keys_->read.cipher);
    engine_.ciphers->forget(keys_->write.cipher);
}

uint32_t OwnRecords::now_s() const noexcept {
    return static_cast<uint32_t>(engine_.loop.now().time_since_epoch() / std::chrono::seconds(1));
}

// ---- reading

OwnRecords::Read OwnRecords::read(std::span<char> record) {
    const Opened opened = open(*engine_.ciphers, *suite_, keys_->read, record);
    if (!opened.good()) return broken(opened.alert);
    // RFC 8446 §5.1: nothing comes between the parts of a message.
    if (within_message() && opened.type != ContentType::handshake) return broken(Alert::unexpected_message);
    switch (opened.type) {
        case ContentType::application_data:
            if (!opened.content.empty()) {
                empty_ = 0;
                return {.kind = Read::Kind::content, .content = opened.content};
            }
            return ++empty_ > most_empty ? broken(Alert::unexpected_message) : Read{.kind = Read::Kind::nothing};
        case ContentType::alert:
            return alert_message(opened.content);
        case ContentType::handshake:
            return handshake_message(opened.content);
        case ContentType::change_cipher_spec:
            break;
    }
    return broken(Alert::unexpected_message);
}

// RFC 8446 §6.1: all others end the connection, whatever their level says.
OwnRecords::Read OwnRecords::alert_message(std::string_view message) {
    if (message.empty()) return broken(Alert::unexpected_message);  // RFC 8446 §5.1
    if (message.size() != 2) return broken(Alert::decode_error);
    const auto alert = static_cast<Alert>(message[1]);
    if (alert == Alert::close_notify) return {.kind = Read::Kind::ended};
    const bool ignored = alert == Alert::user_canceled || alert == Alert::no_renegotiation;
    if (ignored && ++empty_ <= most_empty) return {.kind = Read::Kind::nothing};
    return {.kind = Read::Kind::broken, .content = message};
}

// After the handshake a client says nothing of the kind but KeyUpdate, and a server no more but tickets.
OwnRecords::Read OwnRecords::handshake_message(std::string_view message) {
    if (suite_->version == Version::tls12) return broken(Alert::no_renegotiation);
    if (message.empty()) return broken(Alert::unexpected_message);
    if (role_ == Role::client && (within_message() || message[0] == new_session_ticket_type))
        return backend_messages(message);
    return key_update_message(message);
}

// Tickets are passed over: as many as there are, and in whatever parts.
OwnRecords::Read OwnRecords::backend_messages(std::string_view messages) {
    constexpr uint8_t head_bytes = 4;
    if (++empty_ > most_empty) return broken(Alert::unexpected_message);
    while (!messages.empty()) {
        const size_t passed = std::min<size_t>(progress_.passing, messages.size());
        progress_.passing -= static_cast<uint32_t>(passed);
        messages.remove_prefix(passed);
        if (messages.empty()) break;
        const char next = messages.front();
        if (progress_.head_bytes == 0 && next == key_update_type) return key_update_message(messages);
        if (progress_.head_bytes == 0 && next != new_session_ticket_type) return broken(Alert::unexpected_message);
        progress_.head = (progress_.head << 8U) | static_cast<uint8_t>(next);
        messages.remove_prefix(1);
        if (++progress_.head_bytes < head_bytes) continue;
        progress_.head_bytes = 0;
        progress_.passing = std::exchange(progress_.head, 0) & 0xFFFFFFU;
    }
    return {.kind = Read::Kind::ticket};
}

// It ends its record, because the key changes (RFC 8446 §5.1).
OwnRecords::Read OwnRecords::key_update_message(std::string_view message) {
    if (message[0] != key_update_type) return broken(Alert::unexpected_message);
    const bool well_formed = message.size() == 5 && message.substr(1, 3) == std::string_view("\0\0\1", 3);
    if (!well_formed) return broken(Alert::decode_error);
    // RFC 8446 §4.6.3.
    if (static_cast<uint8_t>(message[4]) > update_requested) return broken(Alert::illegal_parameter);
    if (std::exchange(key_update_s_, now_s()) != now_s()) key_updates_ = 0;
    if (++key_updates_ > most_key_updates) return broken(Alert::unexpected_message);
    update_key(*engine_.ciphers, *suite_, keys_->read);
    if (message[4] == update_requested) progress_.owes_key_update = true;
    return {.kind = Read::Kind::nothing};
}

// ---- writing

size_t OwnRecords::fragment_for(size_t content_bytes) noexcept {
    const bool small = lately_sent_ < small_bytes && content_bytes > small_fragment;
    return std::min({content_bytes, size_t{progress_.max_fragment}, small ? small_fragment : max_fragment_bytes});
}

std::optional<OwnRecords::Batch> OwnRecords::seal(std::string_view content, std::span<char> out) {
    if (now_s() - last_sent_s_ > idle_s && progress_.begun_content == 0) lately_sent_ = 0;
    if (progress_.begun_content > 0) {
        const bool same = content.size() >= progress_.begun_content &&
                          siphash(SipKey{}, content.substr(0, progress_.begun_content)) == progress_.begun_hash;
        if (!same) return std::nullopt;
    }
    const uint32_t lately = lately_sent_;
    Batch batch;
    uint64_t sequence = keys_->write.sequence;
    while (batch.content_bytes < content.size()) {
        const bool goes_on = batch.content_bytes == 0 && progress_.begun_content > 0;
        const size_t size = goes_on ? progress_.begun_content : fragment_for(content.size() - batch.content_bytes);
        const size_t record = sealed_bytes(*suite_, size);
        if (batch.sealed_bytes + record > out.size()) break;
        if (!tls::seal(*engine_.ciphers, *suite_, keys_->write, sequence++, ContentType::application_data,
                       content.substr(batch.content_bytes, size), out.data() + batch.sealed_bytes))
            return std::nullopt;
        batch.content_bytes += size;
        batch.sealed_bytes += record;
        lately_sent_ = static_cast<uint32_t>(std::min<size_t>(lately_sent_ + size, small_bytes));
    }
    lately_sent_ = lately;
    return batch;
}

// Goes the way of seal() once more, for the sizes of the records.
size_t OwnRecords::sent(const Batch& batch, std::string_view content, size_t bytes) {
    size_t gone = 0;
    last_sent_s_ = now_s();
    while (gone < batch.content_bytes) {
        const bool goes_on = gone == 0 && progress_.begun_content > 0;
        const size_t size = goes_on ? progress_.begun_content : fragment_for(content.size() - gone);
        const size_t record = sealed_bytes(*suite_, size);
        if (bytes < record) {
            progress_.begun_content = bytes > 0 ? static_cast<uint16_t>(size) : 0;
            progress_.begun_sent = static_cast<uint16_t>(bytes);
            if (bytes > 0) progress_.begun_hash = siphash(SipKey{}, content.substr(gone, size));
            return gone;
        }
        bytes -= record;
        progress_.begun_content = progress_.begun_sent = 0;
        gone += size;
        ++keys_->write.sequence;
        lately_sent_ = static_cast<uint32_t>(std::min<size_t>(lately_sent_ + size, small_bytes));
    }
    return gone;
}

std::string OwnRecords::sealed(ContentType type, std::string_view content) {
    std::string record(sealed_bytes(*suite_, content.size()), '\0');
    if (!tls::seal(*engine_.ciphers, *suite_, keys_->write, keys_->write.sequence, type, content, record.data()))
        return {};
    ++keys_->write.sequence;
    return record;
}

std::string OwnRecords::alert(Alert alert) {
    constexpr char warning = 1;
    constexpr char fatal = 2;
    // RFC 5246 §7.2.2.
    const bool warns = alert == Alert::close_notify || alert == Alert::no_renegotiation;
    const char text[] = {warns ? warning : fatal, static_cast<char>(alert)};
    return sealed(ContentType::alert, {text, sizeof text});
}

std::string OwnRecords::key_update() {
    progress_.owes_key_update = false;
    std::string record = sealed(ContentType::handshake, std::string_view("\x18\0\0\1\0", 5));
    if (!record.empty()) update_key(*engine_.ciphers, *suite_, keys_->write);
    return record;
}

}  // namespace seki::tls
