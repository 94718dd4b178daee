// Certificates, keys and lists of revoked ones, in PEM and in bare DER: whatever is taken has a normal form that is
// taken as well and is the same, and its parts lie within it.

#include <array>
#include <string>

#include "codec_fuzz.h"
#include "x509/crl.h"
#include "x509/identity.h"
#include "x509/names.h"
#include "x509/ocsp.h"
#include "x509/pem.h"
#include "x509/time.h"

namespace {

using namespace seki;

void check_certificate(std::string_view der) {
    const auto certificate = x509::Certificate::read(std::string(der));
    if (!certificate) return;
    for (const std::string_view part : {certificate->spki(), certificate->subject(), certificate->issuer()}) {
        fuzz::require(certificate->der().contains(part));
    }
    for (const std::string& name : certificate->names()) {
        fuzz::require(!name.empty());
        const std::string wildcard = x509::wildcard_for(name);
        fuzz::require(wildcard.empty() || wildcard.size() > 2);
    }
    for (const int64_t time : {certificate->not_before_s(), certificate->not_after_s()}) {
        fuzz::require(x509::time_text(time).ends_with('Z'));
    }
    fuzz::require(x509::hex(certificate->fingerprint()).size() == 64);
    const x509::Rank rank{certificate->not_after_s(), certificate->not_before_s(), certificate->fingerprint()};
    const x509::Rank later{rank.expires_at_s + 1, rank.not_before_s, rank.fingerprint};
    fuzz::require(rank < later);
}

void check_identity(std::string_view text) {
    const std::array chain{text};
    const auto identity = x509::read_identity(text, chain, text);
    if (!identity) return fuzz::require(!identity.error().message.empty());
    const std::string certificate = x509::write_pem("CERTIFICATE", identity->certificate.der());
    const std::string key = x509::write_pem(identity->key.label, identity->key.der);
    const auto again = x509::read_identity(certificate, {}, key);
    fuzz::require(again && again->key.der == identity->key.der);
    fuzz::require(again->certificate.fingerprint() == identity->certificate.fingerprint());
}

void check_revocation_lists(std::string_view text) {
    const auto lists = x509::read_revocation_lists(text);
    if (!lists) return fuzz::require(!lists.error().message.empty());
    fuzz::require(!lists->empty());
}

// Of a response, what it is about, and who issued that; the last one may be absent.
void check_staple(std::string_view text) {
    const auto blocks = x509::read_pem(text);
    if (!blocks || blocks->size() < 2) return;
    const std::string_view issuer = blocks->size() > 2 ? std::string_view((*blocks)[2].der) : std::string_view();
    const auto statement = x509::read_ocsp_response((*blocks)[0].der, (*blocks)[1].der, issuer);
    if (!statement) fuzz::require(!statement.error().message.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    check_certificate(bytes);
    check_identity(bytes);
    check_revocation_lists(bytes);
    check_staple(bytes);
    return 0;
}
