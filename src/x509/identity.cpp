#include "x509/identity.h"

#include <algorithm>

#include "x509/pem.h"

namespace seki::x509 {
namespace {

using Part = IdentityFault::Part;

std::unexpected<IdentityFault> fault(Part part, std::string message) {
    return std::unexpected(IdentityFault{part, std::move(message)});
}

// Without what is there already.
void add_links(std::vector<std::string>& chain, std::span<std::string> links, std::string_view leaf) {
    for (std::string& link : links) {
        const bool known = link == leaf || std::ranges::find(chain, link) != chain.end();
        if (!known) chain.push_back(std::move(link));
    }
}

bool is_weak(const Certificate& certificate) {
    return certificate.has_weak_signature() && certificate.subject() != certificate.issuer();
}

bool any_is_weak(std::span<const std::string> chain) {
    return std::ranges::any_of(chain, [](const std::string& der) {
        const auto link = Certificate::read(der);
        return link && is_weak(*link);
    });
}

// What the library would not serve, and clients would not take.
std::string_view why_not_served(const Certificate& certificate) {
    if (certificate.key_type().kind == KeyKind::other) {
        return "its key is of a kind that is not served: RSA, ECDSA on P-256, P-384 or P-521, and Ed25519 are";
    }
    if (is_weak(certificate)) return "it is signed with SHA-1 or MD5, which clients refuse";
    return {};
}

}  // namespace

std::optional<bool> chain_follows(const Certificate& certificate, std::span<const std::string> chain) {
    bool in_order = true;
    std::string issuer(certificate.issuer());
    for (const std::string& der : chain) {
        const Result<Certificate> link = Certificate::read(der);
        if (!link) return {};
        in_order = in_order && link->subject() == issuer;
        issuer = link->issuer();
    }
    return in_order;
}

std::expected<Identity, IdentityFault> read_identity(std::string_view certificate,
                                                     std::span<const std::string_view> chain, std::string_view key) {
    auto own = read_certificates(certificate);
    if (!own) return fault(Part::certificate, own.error().message);
    auto leaf = Certificate::read(std::move(own->front()));
    if (!leaf) return fault(Part::certificate, leaf.error().message);
    if (const auto why = why_not_served(*leaf); !why.empty()) return fault(Part::certificate, std::string(why));

    std::vector<std::string> links;
    add_links(links, std::span(*own).subspan(1), leaf->der());
    for (const std::string_view text : chain) {
        auto more = read_certificates(text);
        if (!more) return fault(Part::chain, more.error().message);
        add_links(links, *more, leaf->der());
    }
    const auto in_order = chain_follows(*leaf, links);
    if (!in_order) return fault(Part::chain, "one of its blocks is no certificate");
    if (any_is_weak(links)) return fault(Part::chain, "one of them is signed with SHA-1 or MD5, which clients refuse");

    auto private_key = read_private_key(key);
    if (!private_key) return fault(Part::key, private_key.error().message);
    auto matched = match(std::move(*private_key), leaf->public_key());
    if (!matched) return fault(Part::key, matched.error().message);
    return Identity{std::move(*leaf), std::move(links), std::move(*matched), *in_order};
}

}  // namespace seki::x509
