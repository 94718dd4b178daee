#include "config/placed_certificate.h"

namespace seki::config {

void place_certificate(const CertificateKey& key, const StoredCertificate& certificate, command::Request& request,
                       worker::Prepare& order) {
    command::AddCertificate& added = *request.mutable_add_certificate();
    *added.mutable_address() = to_wire(key.address);
    if (certificate.expired_at()) added.set_expired_at(*certificate.expired_at());
    command::CertificateAndKey& rest = *added.mutable_certificate();
    rest.set_certificate("");
    rest.set_key("");

    worker::CertificatePlace& place = *order.add_certificates();
    const BytePlace bytes = certificate.bytes().place();
    place.set_segment(bytes.segment);
    place.set_offset(bytes.offset);
    place.set_leaf_size(static_cast<uint32_t>(certificate.leaf().size()));
    place.set_key_size(static_cast<uint32_t>(certificate.key().size()));
    const auto ocsp_size = static_cast<uint32_t>(certificate.ocsp_response().size());
    place.set_names_size(bytes.size - place.leaf_size() - place.key_size() - ocsp_size);
    if (ocsp_size > 0) {
        place.set_ocsp_size(ocsp_size);
        place.set_ocsp_until_s(certificate.ocsp_until_s());
    }
    const CertificateChain& chain = certificate.chain();
    place.set_chain_segment(chain.bytes().place().segment);
    place.set_chain_offset(chain.bytes().place().offset);
    place.mutable_chain_sizes()->Add(chain.sizes().begin(), chain.sizes().end());
}

void UsedSegments::add(const StoredCertificate& certificate) {
    segments_.insert(certificate.bytes().segment());
    if (!certificate.chain().empty()) segments_.insert(certificate.chain().bytes().segment());
}

void UsedSegments::name_in(worker::Prepare& order) const {
    for (const auto& segment : segments_) order.add_segments()->set_number(segment->number);
}

Result<> UsedSegments::copy_to(std::vector<UniqueFd>& fds) const {
    for (const auto& segment : segments_) {
        auto copied = segment->copy_fd();
        if (!copied) return std::unexpected(copied.error());
        fds.push_back(std::move(*copied));
    }
    return {};
}

}  // namespace seki::config
