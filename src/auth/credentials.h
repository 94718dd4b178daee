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
    // The slow hashes of some other user, for one who has none or does not exist: always the same one's for a name, as
    // hashes differ in what they cost. None when no hash is slow.
    [[nodiscard]] std::vector<std::string_view> decoys(std::string_view user) const;

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
// As the hashes are that are not slow.
[[nodiscard]] std::string fast_hash(std::string_view password);

}  // namespace seki::auth
