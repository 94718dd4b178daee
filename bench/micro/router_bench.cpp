// What finding a frontend costs, and what the rules take. Times are of one lookup; hosts are asked in random order, so
// that with many of them every lookup meets cold memory, as it does between other requests. What is asked lies in the
// order in which it is asked: a request has just been read when its route is looked up.

#include <algorithm>
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <malloc.h>
#include <memory>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/random.h"
#include "routing/router.h"

namespace seki::routing {
namespace {

using Target = std::shared_ptr<const int>;

constexpr size_t many_hosts = 100'000;
constexpr size_t hosts_with_regex = 10'000;  // of the many

size_t bytes_in_use() { return mallinfo2().uordblks; }

Rule make_rule(std::string host, PathKind kind, std::string path, Position position = Position::tree) {
    return {std::move(host), kind, std::move(path), {}, position};
}

void add(Router<Target>& router, Rule rule) {
    static const Target target = std::make_shared<const int>(1);
    SEKI_CHECK(!router.put(compile(std::move(rule)).value(), target));
}

struct Asked {
    std::string host;
    std::string path;
};

void ask(benchmark::State& state, const Router<Target>& router, std::vector<Asked> requests, bool found) {
    Random random(7);
    for (size_t i = requests.size(); i > 1; --i) {
        std::swap(requests[i - 1], requests[random.below(static_cast<uint32_t>(i))]);
    }
    std::string texts;
    for (const Asked& each : requests) texts += each.host + each.path;
    std::vector<Request> views;
    std::string_view rest = texts;
    for (const Asked& each : requests) {
        const std::string_view path = rest.substr(each.host.size(), each.path.size());
        views.push_back({rest.substr(0, each.host.size()), path, "GET", IpAddress::v4(1), nullptr});
        rest.remove_prefix(each.host.size() + each.path.size());
    }
    for (const Request& request : views) SEKI_CHECK(static_cast<bool>(router.find(request)) == found);
    size_t next = 0;
    for (auto _ : state) {
        benchmark::DoNotOptimize(router.find(views[next]));
        if (++next == views.size()) next = 0;
    }
}

void one_host_one_prefix(benchmark::State& state) {
    Router<Target> router;
    add(router, make_rule("shop.example.com", PathKind::prefix, "/"));
    ask(state, router, {{"shop.example.com", "/cart/items?page=2"}}, true);
}
BENCHMARK(one_host_one_prefix);

// ---- many hosts: every second one is a wildcard, every tenth one has a regular expression beside its prefix

std::string host_name(size_t i) { return fmt::format("tenant-{}.apps.example.com", i); }

size_t host_of_regex(size_t i) { return i * (many_hosts / hosts_with_regex) + i % 2; }

// A request for one of the many hosts, and for its regular expression.
Asked for_host(size_t host, std::string path = "/cart/items?page=2") {
    return {host % 2 == 0 ? host_name(host) : "www." + host_name(host), std::move(path)};
}
Asked for_regex(size_t i) { return for_host(host_of_regex(i), fmt::format("/service-{}/v2/users/jane/orders/7", i)); }

struct Many {
    Router<Target> router;
    size_t bytes = 0;  // of all but what the regular expressions take
    size_t regex_bytes = 0;

    Many() {
        const size_t before = bytes_in_use();
        for (size_t i = 0; i < many_hosts; ++i) {
            add(router, make_rule(i % 2 == 0 ? host_name(i) : "*." + host_name(i), PathKind::prefix, "/"));
        }
        bytes = bytes_in_use() - before;
        for (size_t i = 0; i < hosts_with_regex; ++i) {
            const size_t host = host_of_regex(i);
            add(router, make_rule(host % 2 == 0 ? host_name(host) : "*." + host_name(host), PathKind::regex,
                                  fmt::format("/service-{}/v[0-9]+/users/[^/?]+/orders(/.*)?", i)));
        }
        regex_bytes = bytes_in_use() - before - bytes;
    }
};

Many& many() {
    static Many made;
    return made;
}

void many_exact_hosts(benchmark::State& state) {
    std::vector<Asked> requests;
    for (size_t i = 2; i < many_hosts; i += 10) requests.push_back(for_host(i));
    ask(state, many().router, requests, true);
    state.counters["bytes/host"] = static_cast<double>(many().bytes) / static_cast<double>(many_hosts);
}
BENCHMARK(many_exact_hosts);

void many_wildcard_hosts(benchmark::State& state) {
    std::vector<Asked> requests;
    for (size_t i = 3; i < many_hosts; i += 10) requests.push_back(for_host(i));
    ask(state, many().router, requests, true);
}
BENCHMARK(many_wildcard_hosts);

void many_hosts_with_a_regex_that_matches(benchmark::State& state) {
    std::vector<Asked> requests;
    for (size_t i = 0; i < hosts_with_regex; ++i) requests.push_back(for_regex(i));
    ask(state, many().router, requests, true);
    state.counters["bytes/regex"] = static_cast<double>(many().regex_bytes) / static_cast<double>(hosts_with_regex);
}
BENCHMARK(many_hosts_with_a_regex_that_matches);

// Every host is asked once, those with a regular expression for a path that it matches.
void many_hosts_in_proportion(benchmark::State& state) {
    std::vector<Asked> requests;
    for (size_t i = 0; i < many_hosts; ++i) requests.push_back(for_host(i));
    for (size_t i = 0; i < hosts_with_regex; ++i) requests[host_of_regex(i)] = for_regex(i);
    ask(state, many().router, requests, true);
}
BENCHMARK(many_hosts_in_proportion);

void an_unknown_host_among_many(benchmark::State& state) {
    std::vector<Asked> requests;
    for (size_t i = 0; i < 10'000; ++i) requests.push_back({fmt::format("nobody-{}.example.org", i), "/"});
    ask(state, many().router, requests, false);
}
BENCHMARK(an_unknown_host_among_many);

void adding_and_removing_one_host_among_many(benchmark::State& state) {
    const Rule rule = make_rule("new.example.com", PathKind::prefix, "/");
    for (auto _ : state) {
        add(many().router, rule);
        SEKI_CHECK(many().router.remove(rule).has_value());
    }
}
BENCHMARK(adding_and_removing_one_host_among_many);

// ---- many rules on one host

void one_host_many_prefixes(benchmark::State& state) {
    Router<Target> router;
    std::vector<Asked> requests;
    for (int64_t i = 0; i < state.range(0); ++i) {
        add(router, make_rule("a.example", PathKind::prefix, fmt::format("/service-{}/", i)));
        requests.push_back({"a.example", fmt::format("/service-{}/items", i)});
    }
    ask(state, router, requests, true);
}
BENCHMARK(one_host_many_prefixes)->Arg(10)->Arg(100)->Arg(1000)->Arg(10000);

void many_host_regexes(benchmark::State& state) {
    Router<Target> router;
    std::vector<Asked> requests;
    for (int64_t i = 0; i < state.range(0); ++i) {
        add(router, make_rule(fmt::format("/t{}-[a-z]+/.apps.example.com", i), PathKind::prefix, "/"));
        requests.push_back({fmt::format("t{}-blue.apps.example.com", i), "/items"});
    }
    ask(state, router, requests, true);
}
BENCHMARK(many_host_regexes)->Arg(1)->Arg(10)->Arg(100)->Arg(1000);

// ---- regular expressions before the tree

std::string pre_regex(int64_t i) {
    return fmt::format("/(?:api|internal)/service-{}/v[0-9]+/(?:users|groups)/[^/?]+(?:/.*)?", i);
}

void fill_pre(Router<Target>& router, int64_t count) {
    for (int64_t i = 0; i < count; ++i) add(router, make_rule("*", PathKind::regex, pre_regex(i), Position::pre));
    add(router, make_rule("shop.example.com", PathKind::prefix, "/"));
}

void pre_regexes_of_which_one_matches(benchmark::State& state) {
    const size_t before = bytes_in_use();
    Router<Target> router;
    fill_pre(router, state.range(0));
    std::vector<Asked> requests;
    for (int64_t i = 0; i < state.range(0); ++i) {
        requests.push_back({"shop.example.com", fmt::format("/api/service-{}/v12/users/jane/orders", i)});
    }
    ask(state, router, requests, true);
    state.counters["bytes/regex"] = static_cast<double>(bytes_in_use() - before) / static_cast<double>(state.range(0));
}
BENCHMARK(pre_regexes_of_which_one_matches)->Arg(1)->Arg(10)->Arg(100)->Arg(1000);

void pre_regexes_of_which_none_matches(benchmark::State& state) {
    Router<Target> router;
    fill_pre(router, state.range(0));
    ask(state, router, {{"shop.example.com", "/api/cart/items?page=2"}}, true);
}
BENCHMARK(pre_regexes_of_which_none_matches)->Arg(1)->Arg(10)->Arg(100)->Arg(1000);

// What a change costs that the next lookup has to make good: compile, insert, and a group of the set anew.
void changing_one_of_many_pre_regexes(benchmark::State& state) {
    Router<Target> router;
    fill_pre(router, state.range(0));
    const Request request{"shop.example.com", "/cart", "GET", IpAddress::v4(1), nullptr};
    for (int64_t i = 0; i < state.range(0); ++i) benchmark::DoNotOptimize(router.find(request));
    const Rule rule = make_rule("*", PathKind::regex, pre_regex(0), Position::pre);
    for (auto _ : state) {
        SEKI_CHECK(router.remove(rule).has_value());
        add(router, rule);
        benchmark::DoNotOptimize(router.find(request));
    }
}
BENCHMARK(changing_one_of_many_pre_regexes)->Arg(10)->Arg(100)->Arg(1000);

}  // namespace
}  // namespace seki::routing

BENCHMARK_MAIN();
