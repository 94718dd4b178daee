#pragma once

// Certificates whose bytes lie in the memory that the supervisor shares with all workers (base/shared_bytes.h). What is
// made of them here points there, so that a hundred thousand of them cost this worker little more than their names'
// places; those with the same chain have one in common.

#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/shared_bytes.h"
#include "base/unique_fd.h"
#include "command.pb.h"
#include "tls/certificate.h"
#include "worker.pb.h"

namespace seki::worker {

class PlacedCertificates {
public:
    using Segments = std::vector<ForeignBytes::SegmentPtr>;

    // Each segment is known as long as somebody has it: until certificates are made of it, that is the caller. `fds`:
    // one for each.
    Result<Segments> map(const google::protobuf::RepeatedPtrField<Segment>& named, std::vector<UniqueFd> fds);

    // Refuses places that are not within a known segment, and bytes that are no certificate.
    Result<tls::CertificatePtr> make(const command::AddCertificate& addition, const CertificatePlace& place);

private:
    using ChainPtr = std::shared_ptr<const tls::CertificateChain>;
    using ChainPlace = std::pair<uint32_t, uint32_t>;  // segment and offset

    Result<ChainPtr> chain_at(const CertificatePlace& place);

    ForeignBytes bytes_;
    std::map<ChainPlace, std::weak_ptr<const tls::CertificateChain>> chains_;
    size_t sweep_at_ = 64;  // then those go that no certificate has any more
};

}  // namespace seki::worker
