#pragma once

// The records of an established connection, once OpenSSL has done the handshake and is gone: contents out of records,
// records out of contents, and what else the peer may say: alerts, KeyUpdate. Bytes in the memory of the caller; no
// socket, no buffer. What a connection has between two records is here and in Secrets.
//
// What has begun to leave must leave as it was: of the record that went in part the length is kept and a hash, and it
// is made again from the same content. So no copy is kept of what waits to be sent.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "tls/connection_info.h"
#include "tls/engine.h"

namespace seki::tls {

class OwnRecords {
public:
    using Keys = SecretPool<Secrets>::Ptr;

    // What is agreed upon and what is in the middle of something, for who goes on with it.
    struct Progress {
        uint64_t begun_hash = 0;
        uint16_t begun_content = 0;  // of a record, as what follows
        uint16_t begun_sent = 0;
        bool owes_key_update = false;
        // Of a message that is passed over: what came of its head, and how much of it is still to come.
        uint8_t head_bytes = 0;
        uint16_t max_fragment = max_fragment_bytes;  // of our records: the peer takes no longer ones
        uint32_t head = 0;
        uint32_t passing = 0;
    };

    OwnRecords(Engine& engine, Role role, const Suite& suite, Keys keys) noexcept
        : OwnRecords(engine, role, suite, std::move(keys), Progress()) {}
    OwnRecords(Engine& engine, Role role, const Suite& suite, Keys keys, const Progress& progress) noexcept
        : engine_(engine), suite_(&suite), keys_(std::move(keys)), progress_(progress), role_(role) {}
    OwnRecords(const OwnRecords&) = delete;
    OwnRecords& operator=(const OwnRecords&) = delete;
    ~OwnRecords();

    [[nodiscard]] Role role() const noexcept { return role_; }
    [[nodiscard]] const Suite& suite() const noexcept { return *suite_; }
    [[nodiscard]] const Secrets& keys() const noexcept { return *keys_; }
    [[nodiscard]] const Progress& progress() const noexcept { return progress_; }

    // ---- reading

    struct Read {
        enum class Kind : uint8_t {
            content,  // as in the record's memory
            nothing,  // the record was about something else; owes_key_update() may have become true
            ticket,   // so was this, about means to resume the session, which nobody here looks at
            ended,    // the peer sends nothing more
            broken    // `alert` says why; or it was the peer, with the alert that `content` ends with
        };
        Kind kind;
        std::string_view content{};
        std::optional<Alert> alert{};
    };
    // A whole record, which is overwritten.
    [[nodiscard]] Read read(std::span<char> record);

    // ---- writing

    // Records for the front of `content`, as many as fit into `out`; no record without one of content.
    struct Batch {
        size_t content_bytes = 0;
        size_t sealed_bytes = 0;
    };
    // Nothing: the system has no memory, or what has begun is not what comes.
    [[nodiscard]] std::optional<Batch> seal(std::string_view content, std::span<char> out);
    // `bytes` of the batch have left; how much content that is. What is left of it is forgotten, but for what has
    // begun.
    size_t sent(const Batch& batch, std::string_view content, size_t bytes);
    // So much of the content that comes next has begun to leave, and so many bytes of its record have left.
    [[nodiscard]] size_t begun() const noexcept { return progress_.begun_content; }
    [[nodiscard]] size_t begun_sent() const noexcept { return progress_.begun_sent; }

    // What is said beside contents, for the caller to send before anything else. Not while a record has begun.
    [[nodiscard]] std::string alert(Alert alert);
    // Our key has to change before more leaves: the peer wants it, or it has served for as much as it may.
    [[nodiscard]] bool owes_key_update() const noexcept {
        return progress_.owes_key_update ||
               (suite_->version == Version::tls13 && keys_->write.sequence >= most_records);
    }
    [[nodiscard]] std::string key_update();

private:
    // A first answer fits into the segments that a network takes at once; a record that spans them all could be read
    // only when the last has come.
    static constexpr size_t small_fragment = 1400;
    static constexpr size_t small_bytes = 10 * small_fragment;
    static constexpr uint32_t idle_s = 1;
    static constexpr uint32_t most_empty = 32;                    // records in a row
    static constexpr uint32_t most_key_updates = 100;             // of the peer's, in a second
    static constexpr uint64_t most_records = uint64_t{1} << 23U;  // with one key (RFC 8446 §5.5)

    [[nodiscard]] Read handshake_message(std::string_view message);
    [[nodiscard]] Read key_update_message(std::string_view message);
    [[nodiscard]] Read backend_messages(std::string_view messages);
    [[nodiscard]] bool within_message() const noexcept { return progress_.head_bytes > 0 || progress_.passing > 0; }
    [[nodiscard]] Read alert_message(std::string_view message);
    [[nodiscard]] size_t fragment_for(size_t content_bytes) noexcept;
    [[nodiscard]] std::string sealed(ContentType type, std::string_view content);
    [[nodiscard]] uint32_t now_s() const noexcept;

    Engine& engine_;
    const Suite* suite_;
    Keys keys_;
    Progress progress_;
    uint32_t lately_sent_ = 0;  // since the connection began or was idle
    uint32_t last_sent_s_ = 0;
    uint32_t key_update_s_ = 0;
    uint8_t key_updates_ = 0;
    uint8_t empty_ = 0;
    Role role_;
};

}  // namespace seki::tls
