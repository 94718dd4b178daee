#pragma once

// Fields that tell a backend of its client's certificate, under names that the operator chose. A backend lets in by
// them, so a listener that has such names lets none of them through, in whatever spelling and wherever in a request it
// stands: what is there is Seki's word.

#include <array>
#include <string>
#include <string_view>

#include "http/message.h"
#include "proxy/added_fields.h"
#include "tls/connection_info.h"

namespace seki::proxy {

// Names; empty: not told.
struct ClientCertificateFields {
    std::string subject;
    std::string alternative_names;
    std::string fingerprint;
    std::string verify_result;

    [[nodiscard]] bool any() const noexcept {
        return !subject.empty() || !alternative_names.empty() || !fingerprint.empty() || !verify_result.empty();
    }
    // Takes out what the client calls so, as if it had not been sent: nobody routes by it either.
    void drop_from(http::FieldTable& fields) const noexcept;
    // `secured`: of the client's connection.
    void add_to(AddedFields& added, const tls::ConnectionInfo& secured) const noexcept;
};

}  // namespace seki::proxy
