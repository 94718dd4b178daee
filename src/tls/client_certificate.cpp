#include "tls/client_certificate.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <fmt/format.h>
#include <openssl/err.h>
#include <string_view>

#include <openssl/x509v3.h>

#include "base/ip_address.h"

namespace seki::tls {

namespace {

std::optional<std::string> subject_of(const X509& certificate) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), &BIO_free);
    if (out == nullptr) return std::nullopt;
    if (X509_NAME_print_ex(out.get(), X509_get_subject_name(&certificate), 0, XN_FLAG_RFC2253) < 0) return std::nullopt;
    char* text = nullptr;
    const long size = BIO_get_mem_data(out.get(), &text);
    return std::string(text, static_cast<size_t>(size));
}

// As RFC 4514 §2.4 escapes what stands in a list.
void append_escaped(std::string& text, std::string_view name) {
    for (const char c : name) {
        const bool plain = c > ' ' && c < '\x7f' && c != ',' && c != '\\' && c != '"';
        if (plain) {
            text += c;
        } else {
            text += fmt::format("\\{:02X}", static_cast<uint8_t>(c));
        }
    }
}

std::string_view bytes_of(const ASN1_STRING* text) noexcept {
    return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)), static_cast<size_t>(ASN1_STRING_length(text))};
}

std::optional<IpAddress> address_of(std::string_view bytes) noexcept {
    if (bytes.size() == 4) {
        uint32_t ip = 0;
        for (const char c : bytes) ip = ip << 8U | static_cast<uint8_t>(c);
        return IpAddress::v4(ip);
    }
    std::array<uint8_t, 16> ip{};
    if (bytes.size() != ip.size()) return std::nullopt;
    std::memcpy(ip.data(), bytes.data(), ip.size());
    return IpAddress::v6(ip);
}

void append_name(std::string& text, std::string_view type, std::string_view name) {
    text += text.empty() ? "" : ", ";
    text += type;
    append_escaped(text, name);
}

void append_name(std::string& text, const GENERAL_NAME& name) {
    switch (name.type) {
        case GEN_DNS:
            return append_name(text, "DNS:", bytes_of(name.d.dNSName));
        case GEN_EMAIL:
            return append_name(text, "email:", bytes_of(name.d.rfc822Name));
        case GEN_URI:
            return append_name(text, "URI:", bytes_of(name.d.uniformResourceIdentifier));
        case GEN_IPADD:
            if (const auto address = address_of(bytes_of(name.d.iPAddress))) append_name(text, "IP:", address->text());
            return;
        default:
            return;
    }
}

std::string alternative_names_of(const X509& certificate) {
    const std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)> names(
        static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)),
        &GENERAL_NAMES_free);
    std::string text;
    for (int i = 0; i < sk_GENERAL_NAME_num(names.get()) && text.size() <= ClientCertificate::max_text_bytes; ++i) {
        append_name(text, *sk_GENERAL_NAME_value(names.get(), i));
    }
    return text;
}

}  // namespace

ClientCertificatePtr read_client_certificate(const X509& certificate) {
    auto subject = subject_of(certificate);
    auto read = std::make_shared<ClientCertificate>();
    x509::Fingerprint fingerprint{};
    unsigned int size = 0;
    const bool hashed = X509_digest(&certificate, EVP_sha256(), fingerprint.data(), &size) == 1;
    if (subject && hashed) {
        read->subject = std::move(*subject);
        read->alternative_names = alternative_names_of(certificate);
        read->fingerprint = x509::hex(fingerprint);
    }
    ERR_clear_error();
    const bool fits =
        std::max(read->subject.size(), read->alternative_names.size()) <= ClientCertificate::max_text_bytes;
    return subject && hashed && fits ? read : nullptr;
}

}  // namespace seki::tls
