#include "http/h1/connection.h"

#include "http/characters.h"

namespace seki::http::h1 {

namespace {

// Who obeys and takes it away reads another body, or another host, than who does not.
bool vital(FieldId id) noexcept { return id == FieldId::content_length || id == FieldId::host; }

// Stays, whatever Connection says: what proxies tell each other, which a client must not be able to take away, and what
// is acted upon here for both ends.
constexpr FieldIds stay{FieldId::expect,           FieldId::forwarded,        FieldId::x_forwarded_for,
                        FieldId::x_forwarded_host, FieldId::x_forwarded_port, FieldId::x_forwarded_proto,
                        FieldId::x_real_ip,        FieldId::x_request_id};

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
    } else if (++options.named > ConnectionOptions::max_named) {
        options.forbidden = true;
    } else {
        const FieldId id = field_id(option);
        if (vital(id) && fields.find(id) != nullptr) options.forbidden = true;
        if (!stay.has(id)) drop(fields, option);
    }
}

}  // namespace

ConnectionOptions ConnectionOptions::read_all(FieldTable& fields) noexcept {
    ConnectionOptions options;
    for (Field& field : fields.all()) {
        if (field.id == FieldId::connection) {
            for_each_element(field.value, [&](std::string_view option) { note_option(options, option, fields); });
        }
        if (end_at_hop.has(field.id)) field.dropped = true;
    }
    return options;
}

}  // namespace seki::http::h1
