#include "ctl/pem.h"

#include <array>
#include <ctime>
#include <memory>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <openssl/x509.h>
#include <openssl/x509v3.h>

namespace seki::ctl {
namespace {

using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

std::string sha256_hex(const X509& certificate) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    if (X509_digest(&certificate, EVP_sha256(), digest.data(), &size) != 1) return {};
    std::string hex;
    for (unsigned i = 0; i < size; ++i) hex += fmt::format("{:02x}", digest[i]);
    return hex;
}

std::string iso_time(const ASN1_TIME* time) {
    std::tm parts{};
    if (ASN1_TIME_to_tm(time, &parts) != 1) return "?";
    std::array<char, 32> text{};
    return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

std::string asn1_text(const ASN1_STRING* text) {
    return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)), static_cast<size_t>(ASN1_STRING_length(text))};
}

std::vector<std::string> dns_names(const X509& certificate) {
    const std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)> all(
        static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)),
        &GENERAL_NAMES_free);
    std::vector<std::string> names;
    for (int i = 0; all != nullptr && i < sk_GENERAL_NAME_num(all.get()); ++i) {
        const GENERAL_NAME* name = sk_GENERAL_NAME_value(all.get(), i);
        if (name->type == GEN_DNS) names.push_back(asn1_text(name->d.dNSName));
    }
    return names;
}

std::vector<std::string> common_name(const X509& certificate) {
    const X509_NAME* subject = X509_get_subject_name(&certificate);
    const int index = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    if (index < 0) return {};
    return {asn1_text(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, index)))};
}

}  // namespace

Result<CertificateFacts> read_certificate(std::string_view pem) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())),
                                                        &BIO_free);
    const Certificate certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), &X509_free);
    if (certificate == nullptr) return failure("holds no certificate in PEM");
    CertificateFacts facts{.fingerprint = sha256_hex(*certificate),
                           .not_before = iso_time(X509_get0_notBefore(certificate.get())),
                           .not_after = iso_time(X509_get0_notAfter(certificate.get())),
                           .names = dns_names(*certificate)};
    if (facts.names.empty()) facts.names = common_name(*certificate);
    return facts;
}

std::vector<std::string> split_chain(std::string_view pem) {
    constexpr std::string_view begin = "-----BEGIN CERTIFICATE-----";
    constexpr std::string_view end = "-----END CERTIFICATE-----";
    std::vector<std::string> chain;
    for (;;) {
        const size_t from = pem.find(begin);
        const size_t to = from == std::string_view::npos ? from : pem.find(end, from);
        if (to == std::string_view::npos) return chain;
        chain.push_back(std::string(pem.substr(from, to + end.size() - from)) + "\n");
        pem.remove_prefix(to + end.size());
    }
}

}  // namespace seki::ctl
