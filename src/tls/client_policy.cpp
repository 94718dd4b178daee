#include "tls/client_policy.h"

#include <algorithm>
#include <ctime>
#include <openssl/err.h>
#include <string_view>

#include <openssl/x509_vfy.h>

#include "tls/hash.h"

namespace seki::tls {

namespace {

using CertificatePtr = std::unique_ptr<X509, decltype(&X509_free)>;
using ListPtr = std::unique_ptr<X509_CRL, decltype(&X509_CRL_free)>;

// Of all names that clients are told; beyond that (RFC 8446 §4.2.4 has room for twice as much) they are told none, and
// show what they have.
constexpr size_t most_name_bytes = 32'768;

const unsigned char* bytes(std::string_view text) noexcept {
    return reinterpret_cast<const unsigned char*>(text.data());
}

std::optional<int64_t> unix_seconds(const ASN1_TIME* time) noexcept {
    std::tm parts{};
    if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) return std::nullopt;
    return timegm(&parts);
}

int64_t unix_seconds(WallTime time) noexcept {
    return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

bool is_about_revocation(int error) noexcept {
    switch (error) {
        case X509_V_ERR_UNABLE_TO_GET_CRL:
        case X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER:
        case X509_V_ERR_UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY:
        case X509_V_ERR_CRL_SIGNATURE_FAILURE:
        case X509_V_ERR_CRL_NOT_YET_VALID:
        case X509_V_ERR_CRL_HAS_EXPIRED:
        case X509_V_ERR_ERROR_IN_CRL_LAST_UPDATE_FIELD:
        case X509_V_ERR_ERROR_IN_CRL_NEXT_UPDATE_FIELD:
        case X509_V_ERR_DIFFERENT_CRL_SCOPE:
        case X509_V_ERR_CRL_PATH_VALIDATION_ERROR:
            return true;
        default:
            return false;
    }
}

// Whether the authority itself is still good is not asked of its own list.
int forgive_authority(int good, X509_STORE_CTX* context) {
    if (good == 1) return 1;
    const int depth = X509_STORE_CTX_get_error_depth(context);
    const int top = sk_X509_num(X509_STORE_CTX_get0_chain(context)) - 1;
    if (depth == 0 || depth != top || !is_about_revocation(X509_STORE_CTX_get_error(context))) return 0;
    X509_STORE_CTX_set_error(context, X509_V_OK);
    return 1;
}

std::string name_in_der(const X509_NAME* name) {
    unsigned char* der = nullptr;
    const int size = i2d_X509_NAME(name, &der);
    std::string text(reinterpret_cast<const char*>(der), static_cast<size_t>(std::max(size, 0)));
    OPENSSL_free(der);
    return text;
}

struct FreeNames {
    void operator()(STACK_OF(X509_NAME) * names) const noexcept { sk_X509_NAME_pop_free(names, X509_NAME_free); }
};
using NamesPtr = std::unique_ptr<STACK_OF(X509_NAME), FreeNames>;

// Null: no memory.
NamesPtr names_to_tell(const std::vector<std::string>& all) {
    size_t size = 0;
    for (const std::string& der : all) size += sizeof(uint16_t) + der.size();
    NamesPtr names(sk_X509_NAME_new_null());
    if (names == nullptr || size > most_name_bytes) return names;
    for (const std::string& der : all) {
        const unsigned char* at = bytes(der);
        X509_NAME* const name = d2i_X509_NAME(nullptr, &at, static_cast<long>(der.size()));
        if (name == nullptr || sk_X509_NAME_push(names.get(), name) == 0) {
            X509_NAME_free(name);
            return nullptr;
        }
    }
    return names;
}

}  // namespace

std::string ClientPolicy::digest() const {
    RunningHash hash(Hash::sha256);
    const auto add = [&hash](std::string_view text) {
        const uint64_t size = text.size();
        hash.add({reinterpret_cast<const char*>(&size), sizeof size});
        hash.add(text);
    };
    add({reinterpret_cast<const char*>(&mode), sizeof mode});
    add(std::to_string(authorities.size()));
    for (const std::string& der : authorities) add(der);
    for (const std::string& der : revocations) add(der);
    return std::string(text_of(hash.value().bytes()));
}

Result<std::unique_ptr<ClientVerifier>> ClientVerifier::make(const ClientPolicy& policy) {
    std::unique_ptr<ClientVerifier> made(new ClientVerifier);
    made->mode_ = policy.mode;
    made->store_.reset(X509_STORE_new());
    if (made->store_ == nullptr) return failure("no memory for the authorities of clients");
    for (const std::string& der : policy.authorities) {
        if (auto taken = made->take_authority(der); !taken) return std::unexpected(taken.error());
    }
    for (const std::string& der : policy.revocations) {
        if (auto taken = made->take_revocations(der); !taken) return std::unexpected(taken.error());
    }
    if (made->names_.empty()) return failure("there is no authority of clients");
    // An authority need not be one that signed itself.
    unsigned long flags = X509_V_FLAG_PARTIAL_CHAIN;
    if (!policy.revocations.empty()) flags |= X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL;
    X509_STORE_set_flags(made->store_.get(), flags);
    return made;
}

Result<> ClientVerifier::take_authority(const std::string& der) {
    const unsigned char* at = bytes(der);
    const CertificatePtr certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())), &X509_free);
    const bool taken = certificate != nullptr && X509_STORE_add_cert(store_.get(), certificate.get()) == 1;
    ERR_clear_error();
    if (!taken) return failure("the TLS library cannot read an authority of clients");
    std::string name = name_in_der(X509_get_subject_name(certificate.get()));
    if (std::ranges::find(names_, name) == names_.end()) names_.push_back(std::move(name));
    return {};
}

Result<> ClientVerifier::take_revocations(const std::string& der) {
    const unsigned char* at = bytes(der);
    const ListPtr list(d2i_X509_CRL(nullptr, &at, static_cast<long>(der.size())), &X509_CRL_free);
    const bool taken = list != nullptr && X509_STORE_add_crl(store_.get(), list.get()) == 1;
    ERR_clear_error();
    if (!taken) return failure("the TLS library cannot read a list of revoked certificates");
    if (const auto end_s = unix_seconds(X509_CRL_get0_nextUpdate(list.get()))) {
        lists_end_at_s_ = std::min(lists_end_at_s_.value_or(*end_s), *end_s);
    }
    return {};
}

Result<> ClientVerifier::install(SSL_CTX* context) const {
    const bool must = mode_ == ClientPolicy::Mode::required;
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | (must ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0), nullptr);
    SSL_CTX_set_verify_depth(context, max_intermediates);
    SSL_CTX_set_max_cert_list(context, max_chain_bytes);
    NamesPtr names = names_to_tell(names_);
    if (names == nullptr || SSL_CTX_set1_verify_cert_store(context, store_.get()) != 1)
        return failure("no memory for the authorities of clients");
    SSL_CTX_set_client_CA_list(context, names.release());
    return {};
}

ClientVerifier::Verdict ClientVerifier::judge(X509_STORE_CTX* context, WallTime now) const {
    X509_STORE_CTX_set_time(context, 0, unix_seconds(now));
    X509_STORE_CTX_set_verify_cb(context, forgive_authority);
    Verdict verdict;
    verdict.good = X509_verify_cert(context) == 1;
    if (!verdict.good) {
        // "ok" would be what a lack of memory leaves.
        if (X509_STORE_CTX_get_error(context) == X509_V_OK) X509_STORE_CTX_set_error(context, X509_V_ERR_OUT_OF_MEM);
        verdict.why = X509_verify_cert_error_string(X509_STORE_CTX_get_error(context));
        return verdict;
    }
    int64_t end_s = lists_end_at_s_.value_or(INT64_MAX);
    const STACK_OF(X509)* const chain = X509_STORE_CTX_get0_chain(context);
    for (int i = 0; i < sk_X509_num(chain); ++i) {
        end_s = std::min(end_s, unix_seconds(X509_get0_notAfter(sk_X509_value(chain, i))).value_or(0));
    }
    const int64_t most_s = unix_seconds(WallTime::max());
    verdict.good_until = WallTime(std::chrono::seconds(std::clamp<int64_t>(end_s, 0, most_s)));
    return verdict;
}

uint32_t ClientVerifier::tickets_for(const X509& certificate, uint32_t wanted) noexcept {
    constexpr long beside_bytes = 1024;  // the rest of a ticket, and the records around it
    const long size = std::max(i2d_X509(&certificate, nullptr), 0) + beside_bytes;
    return std::min(wanted, static_cast<uint32_t>(max_chain_bytes / size));
}

}  // namespace seki::tls
