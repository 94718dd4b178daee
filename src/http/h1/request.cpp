#include "http/h1/request.h"

#include "http/h1/characters.h"
#include "http/h1/connection.h"
#include "http/h1/framing.h"
#include "http/h1/host.h"

namespace seki::http::h1 {

namespace {

struct Noted {
    FramingFields framing;
    std::string_view host;
    uint32_t hosts = 0;
    std::string_view upgrade;
    std::string_view user_agent;
    std::string_view accept;
    bool expects_continue = false;
    bool cookies = false;
};

// Several fields are one list (RFC 9110 §5.3).
std::string_view join_upgrades(std::string_view before, std::string_view more, std::string& storage) {
    if (before.empty() || more.empty()) return before.empty() ? more : before;
    if (before.data() != storage.data()) storage.assign(before);
    return storage.append(", ").append(more);
}

Noted note_fields(HeadStorage& storage) noexcept {
    Noted noted;
    for (Field& field : storage.request.fields.all()) {
        switch (field.id) {
            case FieldId::other:
                break;
            case FieldId::host:
                noted.host = field.value;
                ++noted.hosts;
                break;
            case FieldId::content_length:
                field.dropped = noted.framing.note_length(field.value);
                break;
            case FieldId::transfer_encoding:
                noted.framing.note_coding(field.value);
                break;
            case FieldId::upgrade:
                noted.upgrade = join_upgrades(noted.upgrade, field.value, storage.upgrade);
                break;
            case FieldId::expect:
                noted.expects_continue = equal_ignoring_case(field.value, "100-continue");
                break;
            case FieldId::user_agent:
                noted.user_agent = field.value;
                break;
            case FieldId::accept:
                noted.accept = field.value;
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
Fault split_absolute_form(HeadStorage& storage) noexcept {
    RequestHead& head = storage.request;
    const size_t scheme = head.path.find("://");
    const std::string_view name = head.path.substr(0, scheme == std::string_view::npos ? 0 : scheme);
    if (!equal_ignoring_case(name, "http") && !equal_ignoring_case(name, "https")) return Fault::bad_target;
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

Fault understand_target(HeadStorage& storage) noexcept {
    RequestHead& head = storage.request;
    head.authority = {};
    if (head.method == Method::connect) {
        head.authority = head.path;
        return Fault::none;
    }
    if (head.path.front() == '/') return Fault::none;
    if (head.path == "*") return head.method == Method::options ? Fault::none : Fault::bad_target;
    return split_absolute_form(storage);
}

// RFC 9112 §3.2. A target that names another host than the Host field is two requests in one.
Fault understand_host(RequestHead& head, const Noted& noted) noexcept {
    head.host = {};
    head.port = 0;
    if (noted.hosts > 1) return Fault::bad_host;
    if (noted.hosts == 0 && head.version != Version::http10) return Fault::bad_host;
    if (noted.hosts == 1 && !head.authority.empty() && !equal_ignoring_case(head.authority, noted.host))
        return Fault::bad_host;
    if (noted.hosts == 1) head.authority = noted.host;
    if (noted.hosts == 0 && head.authority.empty()) return Fault::none;
    const auto authority = parse_authority(head.authority);
    if (!authority) return Fault::bad_host;
    head.host = authority->host;
    head.port = authority->port;
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
    if (const Fault fault = understand_target(storage); fault != Fault::none) return fault;
    const Noted noted = note_fields(storage);
    if (const Fault fault = understand_host(head, noted); fault != Fault::none) return fault;
    const auto body = request_framing(noted.framing, head.version);
    if (!body) return body.error();
    const ConnectionOptions options = ConnectionOptions::read(head.fields);
    if (options.forbidden) return Fault::bad_field;
    head.body = *body;
    head.has_cookies = noted.cookies;
    head.user_agent = noted.user_agent;
    head.accept = noted.accept;
    head.expects_continue = noted.expects_continue && head.version != Version::http10;
    const bool upgrades = options.upgrade && head.version != Version::http10 && forwardable_upgrade(noted.upgrade);
    head.upgrade = upgrades ? noted.upgrade : std::string_view();
    persistent = options.persistent(head.version);
    return Fault::none;
}

}  // namespace seki::http::h1
