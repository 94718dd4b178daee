#include "http/h1/connection.h"

#include "http/h1/characters.h"

namespace seki::http::h1 {

namespace {

bool ends_at_hop(FieldId id) noexcept {
    switch (id) {
        case FieldId::connection:
        case FieldId::http2_settings:
        case FieldId::keep_alive:
        case FieldId::proxy_connection:
        case FieldId::te:
        case FieldId::transfer_encoding:
        case FieldId::upgrade:
            return true;
        default:
            return false;
    }
}

// Who obeys and takes it away reads another body, or another host, than who does not.
bool vital(FieldId id) noexcept { return id == FieldId::content_length || id == FieldId::host; }

// Stays, whatever Connection says: what proxies tell each other, which a client must not be able to take away, and what
// is acted upon here for both ends.
bool stays(FieldId id) noexcept {
    switch (id) {
        case FieldId::expect:
        case FieldId::forwarded:
        case FieldId::x_forwarded_for:
        case FieldId::x_forwarded_host:
        case FieldId::x_forwarded_port:
        case FieldId::x_forwarded_proto:
        case FieldId::x_real_ip:
        case FieldId::x_request_id:
            return true;
        default:
            return false;
    }
}

void drop(FieldTable& fields, std::string_view name) noexcept {
    for (Field& field : fields.all()) {
        if (equal_ignoring_case(field.name, name)) field.dropped = true;
    }
}

void note_option(ConnectionOptions& options, std::string_view option, FieldTable& fields) noexcept {
    if (equal_ignoring_case(option, "close")) {
        options.close = true;
    } else if (equal_ignoring_case(option, "keep-alive")) {
        options.keep_alive = true;
    } else if (equal_ignoring_case(option, "upgrade")) {
        options.upgrade = true;
    } else {
        const FieldId id = field_id(option);
        if (vital(id) && fields.find(id) != nullptr) options.forbidden = true;
        if (!stays(id)) drop(fields, option);
    }
}

}  // namespace

ConnectionOptions ConnectionOptions::read(FieldTable& fields) noexcept {
    ConnectionOptions options;
    for (Field& field : fields.all()) {
        if (field.id == FieldId::other) continue;
        if (field.id == FieldId::connection) {
            for_each_element(field.value, [&](std::string_view option) { note_option(options, option, fields); });
        }
        if (ends_at_hop(field.id)) field.dropped = true;
    }
    return options;
}

}  // namespace seki::http::h1
