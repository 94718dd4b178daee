#pragma once

// Who may pass: users and what their passwords hash to, of one cluster. A hash is the SHA-256 of the password in
// hexadecimal letters, as Sōzu has it, or whatever crypt(3) understands (yescrypt, sha512-crypt, bcrypt): the former is
// checked at once, the latter costs so much by design that a thread of its own does it (hasher.h).

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace seki::auth {

class Credentials {
public:
    // Every set has a number of its own, so that what was found out with one is not believed of another.
    Credentials();

    void add(std::string user, std::string hash);
    [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }
    [[nodiscard]] uint64_t number() const noexcept { return number_; }
    // A user may have several.
    [[nodiscard]] std::vector<std::string_view> hashes_of(std::string_view user) const;
    // A hash that takes as long as those of users do, for users that do not exist; empty when no hash takes long.
    [[nodiscard]] std::string_view slow_hash() const noexcept;

private:
    struct Entry {
        std::string user;
        std::string hash;
    };
    std::vector<Entry> entries_;
    uint64_t number_;
};

// Whether the hash is one for crypt(3), and slow.
[[nodiscard]] bool is_slow(std::string_view hash) noexcept;
[[nodiscard]] bool matches_fast(std::string_view password, std::string_view hash);

}  // namespace seki::auth
