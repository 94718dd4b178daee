#pragma once

// Requests about certificates, right as they are.

#include <string>
#include <string_view>

#include "config/things.h"
#include "x509/made.h"

namespace seki::config {

inline command::Request certificate(std::string_view address, const x509::made::Pair& pair) {
    command::Request request;
    *request.mutable_add_certificate()->mutable_address() = wire(address);
    request.mutable_add_certificate()->mutable_certificate()->set_certificate(pair.certificate);
    request.mutable_add_certificate()->mutable_certificate()->set_key(pair.key);
    return request;
}

inline command::Request remove_certificate(std::string_view address, const std::string& fingerprint) {
    command::Request request;
    *request.mutable_remove_certificate()->mutable_address() = wire(address);
    request.mutable_remove_certificate()->set_fingerprint(fingerprint);
    return request;
}

inline command::Request replace_certificate(std::string_view address, const std::string& old_fingerprint,
                                            const x509::made::Pair& pair) {
    command::Request request;
    *request.mutable_replace_certificate()->mutable_address() = wire(address);
    request.mutable_replace_certificate()->set_old_fingerprint(old_fingerprint);
    request.mutable_replace_certificate()->mutable_new_certificate()->set_certificate(pair.certificate);
    request.mutable_replace_certificate()->mutable_new_certificate()->set_key(pair.key);
    return request;
}

inline std::string fingerprint_of(const x509::made::Pair& pair) {
    return x509::hex(checked_fingerprint(pair.certificate));
}

}  // namespace seki::config
