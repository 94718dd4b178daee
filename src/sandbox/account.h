#pragma once

// A user of this system, whom a process that root started becomes for good: user, group and the groups that he is in
// besides. The right to low ports stays (capabilities.h).

#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

#include "base/result.h"

namespace seki::sandbox {

struct Account {
    std::string name;
    uid_t uid;
    gid_t gid;
    std::vector<gid_t> groups;
};

// `group`: in place of the user's own. An error names the key, "user" or "group".
Result<Account> find_account(const std::string& user, const std::optional<std::string>& group);

// The process must have one thread. Who is that user already stays as he is; another one can only be left by root.
Result<> become(const Account& account);

}  // namespace seki::sandbox
