#include <fmt/format.h>
#include <gmock/gmock.h>
#include <ostream>
#include <string>

#include "ctl/spoken.h"

namespace seki::ctl {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

struct Mistake {
    const char* line;
    const char* verb;    // whose help is recommended
    const char* reason;  // names the option and the value
};

void PrintTo(const Mistake& mistake, std::ostream* out) { *out << mistake.line; }

class Mistakes : public testing::TestWithParam<Mistake> {};

TEST_P(Mistakes, are_told_with_option_value_and_where_to_read_more) {
    const auto& [line, verb, reason] = GetParam();
    EXPECT_EQ(mistake_in(line), fmt::format("{}: {}\nTry '{} --help'.\n", verb, reason, verb));
}

INSTANTIATE_TEST_SUITE_P(
    Lines, Mistakes,
    testing::Values(
        Mistake{"cluster lst", "seki cluster", "'lst' is unknown; did you mean 'list'?"},
        Mistake{"fronted http add", "seki", "'fronted' is unknown; did you mean 'frontend'?"},
        Mistake{"cluster add --idd a", "seki cluster add", "unknown option '--idd'; did you mean '--id'?"},
        Mistake{"cluster add --load-balancing=random", "seki cluster add",
                "unknown option '--load-balancing'; did you mean '--load-balancing-policy'?"},
        Mistake{"status --timout 5", "seki status", "unknown option '--timout'; did you mean '--timeout'?"},
        Mistake{"status --colour", "seki status", "unknown option '--colour'"},
        Mistake{"status -x", "seki status", "unknown option '-x'"},
        Mistake{"--sokcet /s", "seki", "unknown option '--sokcet'; did you mean '--socket'?"},
        Mistake{"cluster frob", "seki cluster",
                "'frob' is unknown; what may follow is: list, add, remove, tags, close-sessions, h2, "
                "connection-attempts, health-check"},
        Mistake{
            "cluster", "seki cluster",
            "one of these must follow: list, add, remove, tags, close-sessions, h2, connection-attempts, health-check"},
        Mistake{"frontend http add -a 127.0.0.1:80 --host a", "seki frontend http add",
                "one of these must follow: id, deny; or --split must be given"},
        Mistake{"frontend http add -a 127.0.0.1:80 --host a --split b=1,c=1 deny", "seki frontend http add deny",
                "--split excludes id and deny"},
        Mistake{"frontend http add -a 127.0.0.1:80 --host a --split b=1,c", "seki frontend http add",
                "--split: 'c' is not CLUSTER=WEIGHT"},
        Mistake{"frontend http add -a 127.0.0.1:80 --host a --split b=x", "seki frontend http add",
                "--split: 'x' is not a number from 0 to 4294967295"},
        Mistake{"frontend http add -a 127.0.0.1:80 --host a --match-header =b deny", "seki frontend http add deny",
                "--match-header: '=b' is not [!]NAME, followed by nothing, =VALUE, ^=PREFIX or ~=REGEX"},
        Mistake{"frontend http remove -a 127.0.0.1:80 --host a --match-query !~=b", "seki frontend http remove",
                "--match-query: '!~=b' is not [!]NAME, followed by nothing, =VALUE, ^=PREFIX or ~=REGEX"},
        Mistake{"frontend http add -a 127.0.0.1:80 --host a --match-header exact==b deny",
                "seki frontend http add deny", "--match-header: 'exact==b' is not exact=NAME=VALUE"},
        Mistake{"frontend http add -a 127.0.0.1:80 --host a --position first deny", "seki frontend http add deny",
                "--position: 'first' is none of pre|post|tree"},
        Mistake{"frontend http add -a 127.0.0.1:80 --host a --redirect-template file:///no/such/file deny",
                "seki frontend http add deny",
                "--redirect-template: /no/such/file: cannot open: No such file or directory"},
        Mistake{"frontend http add -a 127.0.0.1:80 id b", "seki frontend http add id", "--hostname is required"},
        Mistake{"frontend http add -a 127.0.0.1:80 --host a id", "seki frontend http add id", "cluster is required"},
        Mistake{"status more", "seki status", "'more' is not expected here"},
        Mistake{"status --more", "seki status", "unknown option '--more'"},
        Mistake{"logging", "seki logging", "filter is required"},
        Mistake{"cluster add --load-balancing-policy random", "seki cluster add", "--id is required"},
        Mistake{"cluster remove -i", "seki cluster remove", "--id: 1 required TEXT missing"},
        Mistake{"cluster add -i a --load-balancing-policy best", "seki cluster add",
                "--load-balancing-policy: 'best' is none of "
                "round_robin|random|least_loaded|power_of_two|hrw|maglev"},
        Mistake{"cluster add -i a --load-balancing-policy random --https-redirect-port 65536", "seki cluster add",
                "--https-redirect-port: Value 65536 not in range 1 to 65535"},
        Mistake{"cluster add -i a --load-balancing-policy random --authorized-hash ann:ab", "seki cluster add",
                "--authorized-hash: 'ann:ab' is no USER:HASH: the hash is none of: 64 lower-case hexadecimal digits "
                "(SHA-256), $y$… (yescrypt), $6$… (sha512crypt), $2b$… or $2y$… (bcrypt)"},
        Mistake{"cluster add -i a --load-balancing-policy random --rate-limit-burst 5", "seki cluster add",
                "--rate-limit-burst requires --rate-limit"},
        Mistake{"cluster add -i a --load-balancing-policy random --answer 99=x", "seki cluster add",
                "--answer: '99=x' is not CODE=BODY or CODE=file://PATH with a status code"},
        Mistake{"cluster add -i a --load-balancing-policy random --answer 404", "seki cluster add",
                "--answer: '404' is not CODE=BODY or CODE=file://PATH with a status code"},
        Mistake{"cluster add -i a --load-balancing-policy random --answer 404=file:///no/such/file", "seki cluster add",
                "--answer: /no/such/file: cannot open: No such file or directory"},
        Mistake{"cluster list -i a -d b", "seki cluster list", "--id excludes --domain"},
        Mistake{"cluster health-check set -i a -u up", "seki cluster health-check set",
                "--uri: 'up' does not begin with '/'"},
        Mistake{"cluster health-check set -i a -u / --interval 0", "seki cluster health-check set",
                "--interval: Value 0 not in range 1 to 4294967295"},
        Mistake{"cluster health-check set -i a -u / --expected-status -1", "seki cluster health-check set",
                "--expected-status: '-1' is not a number from 0 to 4294967295"},
        Mistake{"backend add --id a --backend-id b -a shop:80", "seki backend add",
                "--address: 'shop:80' is no address: 'shop' is not an IP address, and names are not resolved"},
        Mistake{"backend add --id a --backend-id b -a 127.0.0.1:80 --backup yes", "seki backend add",
                "--backup: 'yes' is neither true nor false"},
        Mistake{"backend add --id a --backend-id b -a 127.0.0.1:80 --weight 1x", "seki backend add",
                "--weight: '1x' is not a number from -2147483648 to 2147483647"},
        Mistake{"backend add --id a --backend-id b -a 127.0.0.1:80 --weight 0", "seki backend add",
                "--weight: 0 is no weight; --state drain or maintenance is for a backend without traffic"},
        Mistake{"backend set-state --id a --backend-id b -a 127.0.0.1:80", "seki backend set-state",
                "state is required"},
        Mistake{"backend set-state --id a --backend-id b -a 127.0.0.1:80 down", "seki backend set-state",
                "state: 'down' is none of ready|drain|maintenance"},
        Mistake{"frontend http add -a 127.0.0.1:80 --host a -p / --path-regex b deny", "seki frontend http add deny",
                "--path-prefix excludes --path-regex"},
        Mistake{"frontend http add -a 127.0.0.1:80 --host a --tags owner deny", "seki frontend http add deny",
                "--tags: 'owner' is not NAME=VALUE"},
        Mistake{"frontend http add -a 127.0.0.1:80 --host a --header a=b deny", "seki frontend http add deny",
                "--header: 'a=b' is not POSITION=NAME=VALUE with a position of request, response or both"},
        Mistake{"frontend http add -a 127.0.0.1:80 --host a --header nowhere=b=c deny", "seki frontend http add deny",
                "--header: 'nowhere=b=c' is not POSITION=NAME=VALUE with a position of request, response or both"},
        Mistake{"frontend http add -a 127.0.0.1:80 --host a --hsts-disabled --hsts-preload deny",
                "seki frontend http add deny", "--hsts-disabled excludes --hsts-preload"},
        Mistake{"listener http update -a 127.0.0.1:80 --expect-proxy --no-expect-proxy", "seki listener http update",
                "--expect-proxy excludes --no-expect-proxy"},
        Mistake{"listener http add -a 127.0.0.1:80 --no-trusted-proxies --trusted-proxies ::1",
                "seki listener http add", "--trusted-proxies excludes --no-trusted-proxies"},
        Mistake{"listener https add -a 127.0.0.1:80 --tls-versions TLS_V1_4", "seki listener https add",
                "--tls-versions: 'TLS_V1_4' is none of ssl_v2|ssl_v3|tls_v1_0|tls_v1_1|tls_v1_2|tls_v1_3"},
        Mistake{"certificate remove -a 127.0.0.1:443", "seki certificate remove",
                "--certificate or --fingerprint is required"},
        Mistake{"certificate replace -a 127.0.0.1:443 --new-certificate /dev/null --new-certificate-chain /dev/null "
                "--new-key /dev/null",
                "seki certificate replace", "--old-certificate or --fingerprint is required"},
        Mistake{"certificate remove -a 127.0.0.1:443 --certificate /dev/null", "seki certificate remove",
                "--certificate: /dev/null: it holds no certificate in PEM"},
        Mistake{"listener https add -a 127.0.0.1:80 --certificate /dev/null", "seki listener https add",
                "--certificate requires --key"},
        Mistake{"metrics get -r 0", "seki metrics get", "--refresh: Value 0 not in range 1 to 86400"},
        Mistake{"upgrade --worker one", "seki upgrade", "--worker: 'one' is not a number from 0 to 4294967295"},
        Mistake{"connection-limit set -1", "seki connection-limit set",
                "limit: '-1' is not a number from 0 to 18446744073709551615"},
        Mistake{"status -t soon", "seki status", "--timeout: Value soon not in range 0 to 86400000"},
        Mistake{"status -t 99999999999999999999", "seki status",
                "--timeout: Value 99999999999999999999 not in range 0 to 86400000"}));

TEST(Mistakes, nothing_said_is_answered_with_the_help) {
    EXPECT_THAT(mistake_in(""), StartsWith("Seki, a dynamic reverse proxy"));
    EXPECT_THAT(mistake_in("frobnicate"), StartsWith("seki: 'frobnicate' is unknown; what may follow is: start, "));
}

TEST(Mistakes, help_and_version_are_none) {
    for (const char* line : {"--help", "-h", "cluster --help", "cluster add -h", "--version", "-V", "status -V"}) {
        const auto spoken = speak(line);
        const auto* exit = std::get_if<Exit>(&spoken);
        ASSERT_NE(exit, nullptr) << line;
        EXPECT_EQ(exit->code, 0) << line;
    }
    EXPECT_THAT(std::get<Exit>(speak("--version")).text, HasSubstr("+http +https +tcp"));
}

}  // namespace
}  // namespace seki::ctl
