#include "worker/placed_certificates.h"

#include <algorithm>
#include <string>

#include "x509/certificate.h"

namespace seki::worker {

namespace {

Result<std::string_view> view_of(const ForeignBytes::SegmentPtr& segment, uint64_t offset, uint64_t size) {
    if (segment == nullptr) return failure("a certificate lies in memory that did not come");
    if (size > segment->size() || offset > segment->size() - size)
        return failure("a certificate lies outside of the memory that came");
    return std::string_view(segment->data() + offset, size);
}

}  // namespace

Result<PlacedCertificates::Segments> PlacedCertificates::map(const google::protobuf::RepeatedPtrField<Segment>& named,
                                                             std::vector<UniqueFd> fds) {
    if (fds.size() != static_cast<size_t>(named.size()))
        return failure("no memory of certificates came: too many descriptors are open");
    Segments segments;
    for (int i = 0; i < named.size(); ++i) {
        auto mapped = bytes_.map(named[i].number(), std::move(fds[static_cast<size_t>(i)]));
        if (!mapped) return std::unexpected(mapped.error());
        segments.push_back(std::move(*mapped));
    }
    return segments;
}

Result<tls::CertificatePtr> PlacedCertificates::make(const command::AddCertificate& addition,
                                                     const CertificatePlace& place) {
    const auto segment = bytes_.segment(place.segment());
    const uint64_t size = uint64_t{place.leaf_size()} + place.key_size() + place.names_size() + place.ocsp_size();
    const auto bytes = view_of(segment, place.offset(), size);
    if (!bytes) return std::unexpected(bytes.error());
    auto chain = chain_at(place);
    if (!chain) return std::unexpected(chain.error());
    auto made = std::make_shared<tls::Certificate>();
    made->leaf = bytes->substr(0, place.leaf_size());
    made->key = bytes->substr(place.leaf_size(), place.key_size());
    made->names = bytes->substr(place.leaf_size() + place.key_size(), place.names_size());
    made->ocsp_response = bytes->substr(size - place.ocsp_size());
    made->ocsp_until_s = place.ocsp_until_s();
    made->chain = std::move(*chain);
    made->owner = segment;
    const auto read = x509::Certificate::read(std::string(made->leaf));
    if (!read) return std::unexpected(read.error());
    made->rank = {addition.has_expired_at() ? addition.expired_at() : read->not_after_s(), read->not_before_s(),
                  read->fingerprint()};
    made->key_kind = read->key_type().kind;
    return made;
}

// Null: none.
Result<PlacedCertificates::ChainPtr> PlacedCertificates::chain_at(const CertificatePlace& place) {
    if (place.chain_sizes().empty()) return nullptr;
    auto& known = chains_[{place.chain_segment(), place.chain_offset()}];
    if (auto chain = known.lock()) return chain;
    auto made = std::make_shared<tls::CertificateChain>();
    const auto segment = bytes_.segment(place.chain_segment());
    uint64_t offset = place.chain_offset();
    for (const uint32_t size : place.chain_sizes()) {
        const auto link = view_of(segment, offset, size);
        if (!link) return std::unexpected(link.error());
        made->links.push_back(*link);
        offset += size;
    }
    made->owner = segment;
    known = made;
    if (chains_.size() >= sweep_at_) {
        std::erase_if(chains_, [](const auto& each) { return each.second.expired(); });
        sweep_at_ = std::max<size_t>(64, 2 * chains_.size());
    }
    return made;
}

}  // namespace seki::worker
