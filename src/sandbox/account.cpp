#include "sandbox/account.h"

#include <cerrno>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "sandbox/capabilities.h"

namespace seki::sandbox {
namespace {

constexpr size_t most_groups = 65'536;  // NGROUPS_MAX of the kernel

// Both return null for nobody, and set errno only where they could not look.
Failure not_found(const char* key, const std::string& name, int error) {
    if (error == 0) return Failure{fmt::format("{}: there is no {} '{}' on this system", key, key, name)};
    return Failure{fmt::format("{}: '{}' cannot be looked up: {}", key, name, system_error(error))};
}

std::vector<gid_t> groups_of(const Account& account) {
    std::vector<gid_t> groups(64);
    for (;;) {
        int count = static_cast<int>(groups.size());
        const bool all = ::getgrouplist(account.name.c_str(), account.gid, groups.data(), &count) >= 0;
        if (all || groups.size() >= most_groups) {
            groups.resize(all ? static_cast<size_t>(count) : groups.size());
            return groups;
        }
        groups.resize(groups.size() * 2);
    }
}

Result<> change_to(const Account& account) {
    ::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
    const bool changed = ::setgroups(account.groups.size(), account.groups.data()) == 0 &&
                         ::setresgid(account.gid, account.gid, account.gid) == 0 &&
                         ::setresuid(account.uid, account.uid, account.uid) == 0;
    const int error = errno;
    ::prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0);
    if (!changed) return failure("user: cannot become '{}': {}", account.name, system_error(error));
    // The kernel hides a process that has changed its user from that user, too.
    ::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    return {};
}

}  // namespace

Result<Account> find_account(const std::string& user, const std::optional<std::string>& group) {
    errno = 0;
    const passwd* const found = ::getpwnam(user.c_str());
    if (found == nullptr) return std::unexpected(not_found("user", user, errno));
    Account account{user, found->pw_uid, found->pw_gid, {}};
    if (group) {
        errno = 0;
        const ::group* const other = ::getgrnam(group->c_str());
        if (other == nullptr) return std::unexpected(not_found("group", *group, errno));
        account.gid = other->gr_gid;
    }
    account.groups = groups_of(account);
    return account;
}

Result<> become(const Account& account) {
    const uid_t uid = ::geteuid();
    if (uid == account.uid && ::getegid() == account.gid) return {};
    if (uid != 0)
        return failure("user: only root can become '{}' (uid {}, gid {}), and this is uid {}, gid {}", account.name,
                       account.uid, account.gid, uid, ::getegid());
    return change_to(account);
}

}  // namespace seki::sandbox
