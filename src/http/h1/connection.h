#pragma once

// What the Connection field and its relatives say (RFC 9110 §7.6.1, RFC 9112 §9.3): whether the connection stays,
// whether the protocol may change, and which fields end here.

#include <string_view>

#include "http/message.h"

namespace seki::http::h1 {

constexpr FieldIds end_at_hop{
    FieldId::connection, FieldId::http2_settings,    FieldId::keep_alive, FieldId::proxy_connection,
    FieldId::te,         FieldId::transfer_encoding, FieldId::upgrade};

struct ConnectionOptions {
    bool close = false;
    bool keep_alive = false;
    bool upgrade = false;
    bool forbidden = false;  // names a field that is there and that no hop may take away, the length or the host
    uint32_t named = 0;      // fields, of which each is looked for among all

    static constexpr uint32_t max_named = 64;  // more are forbidden, too

    // Of all Connection fields. Fields that they name are marked dropped; so are those that always end at a hop.
    static ConnectionOptions read(FieldTable& fields) noexcept {
        return fields.ids().meets(end_at_hop) ? read_all(fields) : ConnectionOptions{};
    }

    // Whether the sender keeps the connection open after this message.
    [[nodiscard]] bool persistent(Version version) const noexcept {
        return !close && (version != Version::http10 || keep_alive);
    }

private:
    static ConnectionOptions read_all(FieldTable& fields) noexcept;
};

}  // namespace seki::http::h1
