#include <algorithm>
#include <string>

#include "config/check/rules.h"
#include "config/limits.h"
#include "config/stored_certificate.h"
#include "routing/host_pattern.h"

namespace seki::config {
namespace {

void check_server_name(Examiner& examine, std::string& name) {
    const auto normal = routing::normalise_host_pattern(name);
    const bool is_host = normal && routing::host_kind(*normal) == routing::HostKind::exact;
    if (!is_host) return examine.refuse("tls", "server_name: '{}' is no name of a host", name);
    name = *normal;
}

void check_pins(Examiner& examine, google::protobuf::RepeatedPtrField<std::string>& pins) {
    if (pins.size() > static_cast<int>(max_pinned_keys)) {
        return examine.refuse("tls", "pinned_keys: {} keys are more than {}", pins.size(), max_pinned_keys);
    }
    for (std::string& pin : pins) {
        const auto parsed = parse_fingerprint(pin);
        if (!parsed) {
            examine.refuse("tls", "pinned_keys: '{}' is no SHA-256 in 64 hexadecimal digits", pin);
        } else {
            pin = x509::hex(*parsed);
        }
    }
}

// The pieces have fields of their own, but in the request they are one.
template <typename Check>
void check_piece(Examiner& examine, Check check) {
    Examiner piece;
    check(piece);
    for (const Refusal& refusal : piece.refusals()) examine.refuse("tls", "{}: {}", refusal.field, refusal.reason);
}

}  // namespace

void check_backend_tls(Examiner& examine, command::BackendTls& tls) {
    if (tls.has_server_name()) check_server_name(examine, *tls.mutable_server_name());
    check_pins(examine, *tls.mutable_pinned_keys());
    check_piece(examine, [&](Examiner& piece) {
        check_authorities(piece, "ca_certificates", tls.ca_certificates());
        check_alpn(piece, "alpn_protocols", *tls.mutable_alpn_protocols());
        const auto& protocols = tls.alpn_protocols();
        const bool offers_h2 = std::ranges::find(protocols, "h2") != protocols.end();
        piece.wants("alpn_protocols", offers_h2, Feature::http2_backends);
    });
    const bool shows_itself = tls.has_certificate() || tls.has_key() || !tls.certificate_chain().empty();
    if (!shows_itself) return;
    check_piece(examine, [&](Examiner& piece) {
        check_identity(piece, *tls.mutable_certificate(), *tls.mutable_certificate_chain(), *tls.mutable_key());
    });
}

}  // namespace seki::config
