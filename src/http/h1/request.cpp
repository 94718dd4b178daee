#include "http/h1/request.h"

#include <charconv>

#include "http/characters.h"
#include "http/h1/connection.h"
#include "http/h1/framing.h"
#include "http/host.h"

namespace seki::http::h1 {

namespace {

struct Noted {
    FramingFields framing;
    Field* host = nullptr;
    uint32_t hosts = 0;
    std::string_view upgrade;
    std::string_view user_agent;
    std::string_view accept;
    Field* expects_continue = nullptr;
    bool takes_trailers = false;
    bool cookies = false;
    bool credentials = false;
};

// Several fields are one list (RFC 9110 §5.3).
std::string_view join_upgrades(std::string_view before, std::string_view more, std::string& storage) {
    if (before.empty() || more.empty()) return before.empty() ? more : before;
    if (before.data() != storage.data()) storage.assign(before);
    return storage.append(", ").append(more);
}

// Only what is understood is passed on, once and in the one spelling that everybody knows: who waits for a 100 in
// answer to another would wait for ever.
void note_expectation(Field& field, Noted& noted) noexcept {
    field.dropped = noted.expects_continue != nullptr || !equal_ignoring_case(field.value, "100-continue");
    if (field.dropped) return;
    field.say("100-continue");
    noted.expects_continue = &field;
}

bool names_trailers(std::string_view codings) noexcept {
    bool named = false;
    for_each_element(codings, [&](std::string_view coding) { named |= equal_ignoring_case(coding, "trailers"); });
    return named;
}

Noted note_fields(HeadStorage& storage) noexcept {
    Noted noted;
    for (Field& field : storage.request.fields.all()) {
        switch (field.id) {
            case FieldId::other:
                break;
            case FieldId::host:
                noted.host = &field;
                ++noted.hosts;
                break;
            case FieldId::content_length:
                noted.framing.note_length(field);
                break;
            case FieldId::transfer_encoding:
                noted.framing.note_coding(field.value);
                break;
            case FieldId::upgrade:
                noted.upgrade = join_upgrades(noted.upgrade, field.value, storage.upgrade);
                break;
            case FieldId::expect:
                note_expectation(field, noted);
                break;
            case FieldId::te:
                noted.takes_trailers |= names_trailers(field.value);
                break;
            case FieldId::user_agent:
                noted.user_agent = field.value;
                break;
            case FieldId::accept:
                noted.accept = field.value;
                break;
            case FieldId::authorization:
            case FieldId::proxy_authorization:
                noted.credentials = true;
                break;
            case FieldId::cookie:
                noted.cookies = true;
                break;
            default:
                break;
        }
    }
    return noted;
}

// "http://host/path?query" into its authority and its path.
Fault split_absolute_form(HeadStorage& storage, uint16_t& default_port) noexcept {
    RequestHead& head = storage.request;
    const size_t scheme = head.path.find("://");
    const std::string_view name = head.path.substr(0, scheme == std::string_view::npos ? 0 : scheme);
    if (equal_ignoring_case(name, "http")) default_port = 80;
    if (equal_ignoring_case(name, "https")) default_port = 443;
    if (default_port == 0) return Fault::bad_target;
    const std::string_view rest = head.path.substr(scheme + 3);
    const size_t path = rest.find_first_of("/?");
    head.authority = rest.substr(0, path);
    if (head.authority.empty()) return Fault::bad_host;  // RFC 9110 §4.2.1
    if (path == std::string_view::npos) {
        head.path = head.method == Method::options ? "*" : "/";  // RFC 9112 §3.2.4
        return Fault::none;
    }
    head.path = rest.substr(path);
    if (head.path.front() == '/') return Fault::none;
    // An empty path is "/" (RFC 9112 §3.2.1), also before a query.
    storage.path.assign("/").append(head.path);
    head.path = storage.path;
    return Fault::none;
}

// `default_port`: of the target's scheme, where it names one.
Fault understand_target(HeadStorage& storage, uint16_t& default_port) noexcept {
    RequestHead& head = storage.request;
    head.authority = {};
    if (head.method == Method::connect) {
        head.authority = head.path;
        return Fault::none;
    }
    if (head.path.front() == '/') return Fault::none;
    if (head.path == "*") return head.method == Method::options ? Fault::none : Fault::bad_target;
    return split_absolute_form(storage, default_port);
}

// "host:port" as everybody writes it: a port without zeros before it, no colon without a port.
std::string_view write_authority(const Authority& authority, std::string_view received, std::string& storage) {
    if (received.size() == authority.host.size()) return received;
    char digits[5];
    const auto written = std::to_chars(digits, digits + sizeof digits, authority.port);
    const std::string_view port(digits, static_cast<size_t>(written.ptr - digits));
    if (authority.port == 0) return authority.host;
    if (received.size() == authority.host.size() + 1 + port.size()) return received;
    return storage.assign(authority.host).append(":").append(port);
}

// RFC 9112 §3.2. A target that names another place than the Host field is two requests in one; where it names the same,
// the field repeats its words (§3.2.2).
Fault understand_host(HeadStorage& storage, const Noted& noted, uint16_t default_port) noexcept {
    RequestHead& head = storage.request;
    head.host = {};
    head.port = 0;
    if (noted.hosts > 1) return Fault::bad_host;
    if (noted.hosts == 0 && head.version != Version::http10) return Fault::bad_host;
    const bool by_target = !head.authority.empty();
    if (!by_target && noted.hosts == 0) return Fault::none;
    if (!by_target) head.authority = noted.host->value;
    const auto authority = parse_authority(head.authority);
    if (!authority) return Fault::bad_host;
    if (by_target && noted.hosts == 1) {
        const auto named = parse_authority(noted.host->value);
        if (!named || !same_place(*authority, *named, default_port)) return Fault::bad_host;
    }
    head.host = authority->host;
    head.port = authority->port;
    head.authority = write_authority(*authority, head.authority, storage.authority);
    if (noted.hosts == 1) noted.host->say(head.authority);
    return Fault::none;
}

// An upgrade to HTTP/2 in the clear would carry requests past everything that looks at them.
bool forwardable_upgrade(std::string_view protocols) noexcept {
    bool http2 = false;
    for_each_element(protocols,
                     [&](std::string_view protocol) { http2 = http2 || equal_ignoring_case(protocol, "h2c"); });
    return !protocols.empty() && !http2;
}

}  // namespace

Fault understand_request(HeadStorage& storage, bool& persistent) noexcept {
    RequestHead& head = storage.request;
    uint16_t default_port = 0;
    if (const Fault fault = understand_target(storage, default_port); fault != Fault::none) return fault;
    const Noted noted = note_fields(storage);
    if (const Fault fault = understand_host(storage, noted, default_port); fault != Fault::none) return fault;
    const auto body = request_framing(noted.framing, head.version);
    if (!body) return body.error();
    const ConnectionOptions options = ConnectionOptions::read(head.fields);
    if (options.forbidden) return Fault::bad_field;
    head.body = *body;
    head.has_cookies = noted.cookies;
    head.speaks_of_users = noted.credentials;
    head.user_agent = noted.user_agent;
    head.accept = noted.accept;
    // RFC 9110 §10.1.1: HTTP/1.0 expects nothing, and nobody is told to go on who has nothing to send.
    const bool old = head.version == Version::http10;
    head.expects_continue = noted.expects_continue != nullptr && !old && body->kind != BodyKind::none;
    if (noted.expects_continue != nullptr) noted.expects_continue->dropped = !head.expects_continue;
    head.takes_trailers = noted.takes_trailers && !old;
    const bool upgrades = options.upgrade && !old && forwardable_upgrade(noted.upgrade);
    head.upgrade = upgrades ? noted.upgrade : std::string_view();
    head.asks_to_switch = !noted.upgrade.empty();
    persistent = options.persistent(head.version);
    return Fault::none;
}

}  // namespace seki::http::h1
