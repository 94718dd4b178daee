#include "proxy/client_certificate_fields.h"

#include <algorithm>

namespace seki::proxy {

void ClientCertificateFields::drop_from(http::FieldTable& fields) const noexcept {
    const std::array<std::string_view, 4> names{subject, alternative_names, fingerprint, verify_result};
    for (http::Field& field : fields.all()) {
        const auto is_name = [&field](std::string_view name) {
            return !name.empty() && http::same_variable(field.name, name);
        };
        if (std::ranges::any_of(names, is_name)) field = {.name = {}, .value = {}, .line = {}, .dropped = true};
    }
}

void ClientCertificateFields::add_to(AddedFields& added, const tls::ConnectionInfo& secured) const noexcept {
    if (!verify_result.empty()) added.push(verify_result, secured.client != nullptr ? "SUCCESS" : "NONE");
    if (secured.client == nullptr) return;
    if (!subject.empty()) added.push(subject, secured.client->subject);
    if (!alternative_names.empty()) added.push(alternative_names, secured.client->alternative_names);
    if (!fingerprint.empty()) added.push(fingerprint, secured.client->fingerprint);
}

}  // namespace seki::proxy
