#pragma once

// The parts of an HTTP message that every version shares (RFC 9110). A head is a set of views into bytes that somebody
// else owns: into the buffer it was parsed from, or into a decoder's storage. It is valid until its owner's next call;
// whoever needs a piece of it longer copies that piece.

#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

namespace seki::http {

enum class Method : uint8_t { get, head, post, put, del, connect, options, trace, patch, other };

// RFC 9110 §9.2.2.
[[nodiscard]] constexpr bool idempotent(Method method) noexcept {
    return method != Method::post && method != Method::patch && method != Method::connect && method != Method::other;
}

enum class Version : uint8_t { http10, http11, http2 };

// Field names that the proxy has an opinion about; every other name is `other`.
enum class FieldId : uint8_t {
    other,
    accept,
    authorization,
    connection,
    content_length,
    content_type,
    cookie,
    date,
    expect,
    forwarded,
    host,
    http2_settings,
    keep_alive,
    location,
    persistent_auth,
    proxy_authenticate,
    proxy_authorization,
    proxy_connection,
    server,
    set_cookie,
    strict_transport_security,
    te,
    trailer,
    transfer_encoding,
    upgrade,
    user_agent,
    www_authenticate,
    x_forwarded_for,
    x_forwarded_host,
    x_forwarded_port,
    x_forwarded_proto,
    x_real_ip,
    x_request_id,  // the last one: see FieldIds
};

// A set of field names.
class FieldIds {
public:
    constexpr FieldIds() noexcept = default;
    constexpr FieldIds(std::initializer_list<FieldId> ids) noexcept {
        for (const FieldId id : ids) add(id);
    }
    constexpr void add(FieldId id) noexcept { bits_ |= uint64_t{1} << static_cast<unsigned>(id); }
    [[nodiscard]] constexpr bool has(FieldId id) const noexcept { return meets({id}); }
    [[nodiscard]] constexpr bool meets(FieldIds others) const noexcept { return (bits_ & others.bits_) != 0; }

private:
    static_assert(static_cast<unsigned>(FieldId::x_request_id) < 64);
    uint64_t bits_ = 0;
};

[[nodiscard]] FieldId field_id(std::string_view name) noexcept;                                  // case-insensitive
[[nodiscard]] bool equal_ignoring_case(std::string_view left, std::string_view right) noexcept;  // of ASCII letters
// Whether CGI, WSGI and their like have one variable for both names: letters in one case, and whatever is neither
// letter nor digit is "_" (RFC 3875 §4.1.18).
[[nodiscard]] bool same_variable(std::string_view left, std::string_view right) noexcept;

struct Field {
    std::string_view name;
    std::string_view value;  // without the optional white space around it
    std::string_view line;   // the whole field line with its line end, when the message came as text; else empty
    FieldId id = FieldId::other;
    bool dropped = false;  // not forwarded: hop by hop (RFC 9110 §7.6.1), or removed by an edit

    // The line is the name, a colon, one space, the value and the line's end.
    [[nodiscard]] bool plain() const noexcept {
        return line.size() == name.size() + value.size() + 4 && value.data() == name.data() + name.size() + 2 &&
               value.data()[-1] == ' ';
    }
    // Forwards this value, in a line that is written anew where it is not that very text.
    void say(std::string_view what) noexcept {
        if (plain() && value.data() == what.data() && value.size() == what.size()) return;
        value = what;
        line = {};
    }
};

// Bounded storage for the fields of one head or one trailer section; reused from message to message. Only as much of it
// is touched as messages have fields.
class FieldTable {
public:
    static constexpr size_t capacity = 1000;

    void clear() noexcept {
        size_ = 0;
        ids_ = {};
        odd_names_ = false;
    }
    [[nodiscard]] size_t size() const noexcept { return size_; }
    void add(const Field& field) noexcept {  // not when it has `capacity` of them
        fields_.data()[size_++] = field;
        ids_.add(field.id);
    }
    // Of all that were added, dropped or not: whoever looks for a name that is not among them need not look.
    [[nodiscard]] FieldIds ids() const noexcept { return ids_; }
    [[nodiscard]] std::span<Field> all() noexcept { return {fields_.data(), size_}; }
    [[nodiscard]] std::span<const Field> all() const noexcept { return {fields_.data(), size_}; }
    // The first field with that id that was not dropped, or nullptr.
    [[nodiscard]] const Field* find(FieldId id) const noexcept { return ids_.has(id) ? search(id) : nullptr; }

    // Some name has characters other than letters, digits and "-": a backend may read it as another name, see
    // same_variable().
    [[nodiscard]] bool odd_names() const noexcept { return odd_names_; }
    void note_odd_name() noexcept { odd_names_ = true; }

private:
    [[nodiscard]] const Field* search(FieldId id) const noexcept;

    std::array<Field, capacity> fields_;
    size_t size_ = 0;
    FieldIds ids_;
    bool odd_names_ = false;
};

// How the end of a body is known (RFC 9112 §6.3, and the equivalents of other versions).
enum class BodyKind : uint8_t { none, length, chunked, until_close };

struct Body {
    BodyKind kind = BodyKind::none;
    uint64_t length = 0;  // of kind length only; never 0 there: a body of no bytes is `none`
};

// Of a head all but its fields.
struct RequestSummary {
    Method method = Method::get;
    Version version = Version::http11;
    uint32_t received_bytes = 0;  // the head as it came; 0 when it did not come as text
    std::string_view method_text;
    std::string_view authority;  // host[:port], from the target or the Host field (RFC 9112 §3.2)
    std::string_view host;       // without port and brackets' meaning untouched: "[::1]" stays so; letters as received
    uint16_t port = 0;           // 0: none given
    std::string_view path;       // origin-form with the query; "*" for OPTIONS *
    std::string_view upgrade;    // the protocols of Upgrade when Connection names it; else empty
    Body body;
    bool expects_continue = false;
    bool takes_trailers = false;  // TE says so (RFC 9110 §10.1.4)
    bool asks_to_switch = false;  // it has an Upgrade field, whether or not that is passed on
    bool has_cookies = false;
    bool speaks_of_users = false;   // has credentials
    std::string_view user_agent{};  // the last one; empty: none
    std::string_view accept{};      // likewise
};
struct RequestHead : RequestSummary {
    FieldTable fields;  // all of them, Host too; those that are hop by hop are marked dropped
};

// 1xx, 204 and 304 have no body, whatever their fields say (RFC 9110 §6.4.1).
[[nodiscard]] constexpr bool bodiless(uint16_t status) noexcept {
    return status < 200 || status == 204 || status == 304;
}

struct ResponseSummary {
    uint16_t status = 0;
    Version version = Version::http11;
    std::string_view reason;
    Body body;
    bool speaks_of_users = false;  // has a challenge, or says for how long one that was met holds
};
struct ResponseHead : ResponseSummary {
    FieldTable fields;
};

// A field that an edit adds, in the order given, after the fields that were received.
struct AddedField {
    std::string_view name;
    std::string_view value;
};

// Where a codec writes: a window into somebody's buffer. What does not fit is not written at all and sets overflow(),
// so that a caller checks once at the end.
class Output {
public:
    Output(char* begin, char* end) noexcept : begin_(begin), cursor_(begin), end_(end) {}

    [[nodiscard]] size_t size() const noexcept { return static_cast<size_t>(cursor_ - begin_); }
    [[nodiscard]] size_t room() const noexcept { return static_cast<size_t>(end_ - cursor_); }
    [[nodiscard]] bool overflow() const noexcept { return overflow_; }
    [[nodiscard]] char* cursor() noexcept { return cursor_; }
    void advance(size_t bytes) noexcept { cursor_ += bytes; }  // after writing at cursor(); bytes <= room()

    // There is no room for `bytes` more: nothing of the call counts.
    [[nodiscard]] bool lacks(size_t bytes) noexcept {
        if (bytes > room()) overflow_ = true;
        return bytes > room();
    }

    void append(std::string_view text) noexcept {
        if (text.size() > room()) {
            overflow_ = true;
            return;
        }
        if (text.empty()) return;
        __builtin_memcpy(cursor_, text.data(), text.size());
        cursor_ += text.size();
    }

private:
    char* begin_;
    char* cursor_;
    char* end_;
    bool overflow_ = false;
};

}  // namespace seki::http
