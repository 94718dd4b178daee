#include "auth/digest.h"

#include <memory>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/check.h"

namespace seki::auth {

Digest sha256(std::initializer_list<std::string_view> parts) {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    Digest digest{};
    bool done = context != nullptr && EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) == 1;
    for (const std::string_view part : parts)
        done = done && EVP_DigestUpdate(context.get(), part.data(), part.size()) == 1;
    done = done && EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) == 1;
    SEKI_CHECK(done);
    return digest;
}

std::string_view bytes_of(const Digest& digest) noexcept {
    return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

bool equal_in_constant_time(std::string_view left, std::string_view right) noexcept {
    return left.size() == right.size() && CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

}  // namespace seki::auth
