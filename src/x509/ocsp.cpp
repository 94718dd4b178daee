#include "x509/ocsp.h"

#include <algorithm>
#include <array>
#include <memory>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ocsp.h>

#include <openssl/asn1.h>
#include <openssl/x509.h>

#include "x509/time.h"

namespace seki::x509 {
namespace {

struct Free {
    void operator()(OCSP_RESPONSE* response) const { OCSP_RESPONSE_free(response); }
    void operator()(OCSP_BASICRESP* basic) const { OCSP_BASICRESP_free(basic); }
    void operator()(X509* certificate) const { X509_free(certificate); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

// Nothing where something stands behind it.
template <typename T>
Owned<T> read(T* (*parse)(T**, const unsigned char**, long), std::string_view der) {
    const auto* at = reinterpret_cast<const unsigned char*>(der.data());
    const auto* const end = at + der.size();
    Owned<T> made(parse(nullptr, &at, static_cast<long>(der.size())));
    ERR_clear_error();
    return at == end ? std::move(made) : nullptr;
}

std::string_view text_of(const ASN1_STRING* string) {
    return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
            static_cast<size_t>(ASN1_STRING_length(string))};
}

bool is_digest(const ASN1_OCTET_STRING* digest, const unsigned char* bytes, unsigned size) {
    return ASN1_STRING_length(digest) == static_cast<int>(size) &&
           std::equal(bytes, bytes + size, ASN1_STRING_get0_data(digest));
}

// Serial number, digest of the issuer's name, and, where it is known, that of its key (RFC 6960 §4.1.1).
bool is_about(const OCSP_CERTID* id, const X509* certificate, const X509* issuer) {
    ASN1_OCTET_STRING* name = nullptr;
    ASN1_OCTET_STRING* key = nullptr;
    ASN1_OBJECT* algorithm = nullptr;
    ASN1_INTEGER* serial = nullptr;
    OCSP_id_get0_info(&name, &algorithm, &key, &serial, const_cast<OCSP_CERTID*>(id));
    const EVP_MD* const digest = EVP_get_digestbyobj(algorithm);
    if (digest == nullptr || ASN1_INTEGER_cmp(serial, X509_get0_serialNumber(certificate)) != 0) return false;
    std::array<unsigned char, EVP_MAX_MD_SIZE> made{};
    unsigned size = 0;
    if (X509_NAME_digest(X509_get_issuer_name(certificate), digest, made.data(), &size) != 1) return false;
    if (!is_digest(name, made.data(), size)) return false;
    if (issuer == nullptr) return true;
    const ASN1_BIT_STRING* const bits = X509_get0_pubkey_bitstr(issuer);
    const auto length = static_cast<size_t>(ASN1_STRING_length(bits));
    if (EVP_Digest(ASN1_STRING_get0_data(bits), length, made.data(), &size, digest, nullptr) != 1) return false;
    return is_digest(key, made.data(), size);
}

Result<OcspStatement> read_statement(OCSP_SINGLERESP* single) {
    ASN1_GENERALIZEDTIME* next = nullptr;
    switch (OCSP_single_get0_status(single, nullptr, nullptr, nullptr, &next)) {
        case V_OCSP_CERTSTATUS_GOOD:
            break;
        case V_OCSP_CERTSTATUS_REVOKED:
            return failure("it says that the certificate was revoked");
        default:
            return failure("it says that its authority does not know the certificate");
    }
    OcspStatement statement;
    if (next == nullptr) return statement;
    const auto until = unix_seconds({tag::generalized_time, text_of(next), {}});  // RFC 6960 §4.2.2.1
    if (!until) return failure("its time cannot be read");
    statement.good_until_s = *until;
    return statement;
}

}  // namespace

Result<OcspStatement> read_ocsp_response(std::string_view response, std::string_view certificate,
                                         std::string_view issuer) {
    const auto whole = read(d2i_OCSP_RESPONSE, response);
    if (whole == nullptr) return failure("it is no OCSP response in DER");
    if (const int status = OCSP_response_status(whole.get()); status != OCSP_RESPONSE_STATUS_SUCCESSFUL)
        return failure("it says nothing of the certificate, but '{}'", OCSP_response_status_str(status));
    const Owned<OCSP_BASICRESP> basic(OCSP_response_get1_basic(whole.get()));
    ERR_clear_error();
    if (basic == nullptr) return failure("it is an OCSP response of a kind that nobody knows");
    const auto about = read(d2i_X509, certificate);
    if (about == nullptr) return failure("the certificate cannot be read");
    const auto by = issuer.empty() ? nullptr : read(d2i_X509, issuer);
    for (int i = 0; i < OCSP_resp_count(basic.get()); ++i) {
        OCSP_SINGLERESP* const single = OCSP_resp_get0(basic.get(), i);
        if (is_about(OCSP_SINGLERESP_get0_id(single), about.get(), by.get())) return read_statement(single);
    }
    return failure("it is about another certificate");
}

}  // namespace seki::x509
