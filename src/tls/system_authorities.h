#pragma once

// Whom the system trusts to sign for backends. OpenSSL would open the files of these when it judges a certificate; a
// worker can open none by then. So what is to be read is opened when the worker begins, and parsed, once, when the
// first policy asks for it: these are a hundred and fifty.
//
// It is to be found where OpenSSL looks for it: in one file ($SSL_CERT_FILE), and in folders with a file for each
// ($SSL_CERT_DIR), which are read where they are named or there is no such file.

#include <memory>

#include <openssl/x509.h>

#include "base/unique_fd.h"

namespace seki::tls {

struct FreeStore {
    void operator()(X509_STORE* store) const noexcept { X509_STORE_free(store); }
};

class SystemAuthorities {
public:
    // What cannot be opened counts as empty.
    SystemAuthorities();

    // Lives as long as this. Null: no memory.
    [[nodiscard]] X509_STORE* store();

private:
    UniqueFd text_;  // PEM; a zero behind each file of a folder
    std::unique_ptr<X509_STORE, FreeStore> store_;
};

}  // namespace seki::tls
