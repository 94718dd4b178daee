#include "x509/crl.h"

#include "x509/der.h"
#include "x509/pem.h"
#include "x509/time.h"

namespace seki::x509 {
namespace {

using namespace std::string_view_literals;

constexpr auto issuing_distribution_point_oid = "\x55\x1D\x1C"sv;

bool read_scope(std::string_view extensions, RevocationList& list) {
    const auto content = only_content(extensions, tag::sequence);
    if (!content) return false;
    DerReader all(*content);
    while (!all.done()) {
        const auto extension = all.content(tag::sequence);
        if (!extension) return false;
        DerReader parts(*extension);
        const auto oid = parts.content(tag::oid);
        parts.next(tag::boolean);
        const auto value = parts.content(tag::octet_string);
        if (!oid || !value || !parts.done()) return false;
        if (*oid == issuing_distribution_point_oid) list.scope = *value;
    }
    return true;
}

bool is_time(const DerReader& reader) { return reader.is_next(tag::utc_time) || reader.is_next(tag::generalized_time); }

// TBSCertList.
bool read_body(std::string_view body, RevocationList& list) {
    DerReader parts(body);
    parts.next(tag::integer);                      // the version
    if (!parts.next(tag::sequence)) return false;  // the algorithm of the signature
    const auto issuer = parts.content(tag::sequence);
    const auto this_update = parts.next();
    if (!issuer || !this_update || !unix_seconds(*this_update)) return false;
    list.issuer = *issuer;
    if (is_time(parts)) {
        const auto next_update = parts.next();
        list.next_update_s = next_update ? unix_seconds(*next_update) : std::nullopt;
        if (!list.next_update_s) return false;
    }
    parts.next(tag::sequence);  // what is revoked
    if (parts.done()) return true;
    const auto extensions = parts.content(tag::explicit_context(0));
    return extensions && parts.done() && read_scope(*extensions, list);
}

std::optional<RevocationList> read_list(std::string_view der) {
    const auto content = only_content(der, tag::sequence);
    if (!content) return {};
    DerReader parts(*content);
    const auto body = parts.content(tag::sequence);
    const auto algorithm = parts.next(tag::sequence);
    RevocationList list;
    if (!body || !algorithm || !parts.bits() || !parts.done() || !read_body(*body, list)) return {};
    return list;
}

}  // namespace

Result<std::vector<RevocationList>> read_revocation_lists(std::string_view pem) {
    const auto blocks = read_pem(pem);
    if (!blocks) return std::unexpected(blocks.error());
    std::vector<RevocationList> lists;
    for (const PemBlock& block : *blocks) {
        if (block.label != "X509 CRL") continue;
        auto list = read_list(block.der);
        if (!list) return failure("one of its blocks is no list of revoked certificates");
        list->der = block.der;
        lists.push_back(std::move(*list));
    }
    if (lists.empty()) return failure("it holds no list of revoked certificates (X509 CRL) in PEM");
    return lists;
}

}  // namespace seki::x509
