#pragma once

// How workers are told of a certificate: where its bytes lie in the memory that they share (base/shared_bytes.h), and
// everything else in a request as anybody would send it.

#include <set>
#include <vector>

#include "config/kinds.h"
#include "worker.pb.h"

namespace seki::config {

// Fills `request` but for the bytes, for which there is a new place in `order`.
void place_certificate(const CertificateKey& key, const StoredCertificate& certificate, command::Request& request,
                       worker::Prepare& order);

// The segments in which the bytes of certificates lie that are told of at once, each once.
class UsedSegments {
public:
    void add(const StoredCertificate& certificate);
    void name_in(worker::Prepare& order) const;
    // Behind those that come with the order already.
    Result<> copy_to(std::vector<UniqueFd>& fds) const;

private:
    std::set<SharedBytes::SegmentPtr> segments_;
};

}  // namespace seki::config
