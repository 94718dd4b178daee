#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/ip_address.h"
#include "config/check/rules.h"
#include "config/limits.h"
#include "config/stored_certificate.h"
#include "routing/host_pattern.h"
#include "x509/names.h"
#include "x509/ocsp.h"
#include "x509/pem.h"

namespace seki::config {
namespace {

using Texts = google::protobuf::RepeatedPtrField<std::string>;
using Part = x509::IdentityFault::Part;

std::string_view field_of(Part part) {
    switch (part) {
        case Part::certificate:
            return "certificate";
        case Part::chain:
            return "certificate_chain";
        case Part::key:
            return "key";
    }
    std::unreachable();
}

bool is_small(Examiner& examine, std::string_view field, std::string_view pem) {
    if (pem.size() <= max_pem_size) return true;
    examine.refuse(field, "it is larger than {} bytes", max_pem_size);
    return false;
}

// Of what whoever adds a certificate says that it is for: names as SNI has them, or addresses.
std::optional<std::string> normal_name(const std::string& name) {
    if (const auto address = IpAddress::parse(name)) return address->text();
    const auto pattern = routing::normalise_host_pattern(name);
    return pattern ? x509::normal_name(*pattern) : std::nullopt;
}

void check_names(Examiner& examine, Texts& names, const std::vector<std::string>& own) {
    if (names.empty()) names.Assign(own.begin(), own.end());
    if (names.size() > static_cast<int>(max_certificate_names)) {
        return examine.refuse("names", "{} names are more than {}", names.size(), max_certificate_names);
    }
    std::vector<std::string> normal;
    for (const std::string& name : names) {
        auto read = normal_name(name);
        if (!read) {
            examine.refuse("names", "'{}' is no name of a host, nor *. and one", name);
        } else if (std::ranges::find(normal, *read) == normal.end()) {
            normal.push_back(std::move(*read));
        }
    }
    names.Assign(normal.begin(), normal.end());
}

// Whether it has run out is not asked: one that is kept does so, and is not sent any more.
void check_ocsp_response(Examiner& examine, std::string_view response, const x509::Identity& identity) {
    if (response.size() > max_ocsp_response_size)
        return examine.refuse("ocsp_response", "it is larger than {} bytes", max_ocsp_response_size);
    const std::string_view issuer = identity.chain.empty() ? std::string_view() : identity.chain.front();
    const auto read = x509::read_ocsp_response(response, identity.certificate.der(), issuer);
    if (!read) examine.refuse("ocsp_response", "{}", read.error().message);
}

void check_certificate_and_key(Examiner& examine, command::CertificateAndKey& given) {
    const auto identity =
        check_identity(examine, *given.mutable_certificate(), *given.mutable_certificate_chain(), *given.mutable_key());
    if (given.ocsp_response().empty()) given.clear_ocsp_response();
    if (identity && given.has_ocsp_response()) check_ocsp_response(examine, given.ocsp_response(), *identity);
    const std::set<int> versions(given.versions().begin(), given.versions().end());
    given.mutable_versions()->Assign(versions.begin(), versions.end());
    if (identity) check_names(examine, *given.mutable_names(), identity->certificate.names());
}

void check_fingerprint(Examiner& examine, std::string_view field, std::string& fingerprint) {
    const auto parsed = parse_fingerprint(fingerprint);
    if (!parsed) return examine.refuse(field, "it is no SHA-256 in 64 hexadecimal digits");
    fingerprint = x509::hex(*parsed);
}

}  // namespace

std::optional<x509::Identity> check_identity(Examiner& examine, std::string& certificate, Texts& chain,
                                             std::string& key) {
    bool small = is_small(examine, "certificate", certificate) && is_small(examine, "key", key);
    for (const std::string& text : chain) small = small && is_small(examine, "certificate_chain", text);
    if (!small) return {};
    const std::vector<std::string_view> links(chain.begin(), chain.end());
    auto identity = x509::read_identity(certificate, links, key);
    if (!identity) {
        examine.refuse(field_of(identity.error().part), "{}", identity.error().message);
        return {};
    }
    if (identity->chain.size() > max_certificate_chain) {
        examine.refuse("certificate_chain", "{} certificates are more than {}", identity->chain.size(),
                       max_certificate_chain);
        return {};
    }
    certificate = x509::write_pem("CERTIFICATE", identity->certificate.der());
    key = x509::write_pem(identity->key.label, identity->key.der);
    chain.Clear();
    for (const std::string& link : identity->chain) *chain.Add() = x509::write_pem("CERTIFICATE", link);
    return std::move(*identity);
}

void check_certificate(Examiner& examine, command::AddCertificate& added) {
    examine.address("address", *added.mutable_address());
    check_certificate_and_key(examine, *added.mutable_certificate());
}

void check_certificate(Examiner& examine, command::ReplaceCertificate& replaced) {
    examine.address("address", *replaced.mutable_address());
    check_certificate_and_key(examine, *replaced.mutable_new_certificate());
    check_fingerprint(examine, "old_fingerprint", *replaced.mutable_old_fingerprint());
}

void check_certificate(Examiner& examine, command::RemoveCertificate& removed) {
    examine.address("address", *removed.mutable_address());
    check_fingerprint(examine, "fingerprint", *removed.mutable_fingerprint());
}

}  // namespace seki::config
