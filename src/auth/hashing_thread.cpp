#include "auth/hashing_thread.h"

#include <crypt.h>
#include <csignal>
#include <cstdlib>
#include <openssl/crypto.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "auth/digest.h"

namespace seki::auth {

namespace {

// What crypt_ra(3) works in; it takes and enlarges the memory itself.
struct Space {
    Space() = default;
    Space(const Space&) = delete;
    Space& operator=(const Space&) = delete;
    ~Space() { std::free(data); }
    void* data = nullptr;
    int size = 0;
};

// yescrypt and scrypt that get no memory say EINVAL, as for a hash that is none: it is the hash that tells which it
// was.
HashingOutcome compare(const std::string& password, const std::string& hash, Space& space) {
    const char* const made = ::crypt_ra(password.c_str(), hash.c_str(), &space.data, &space.size);
    const bool none = ::crypt_checksalt(hash.c_str()) == CRYPT_SALT_INVALID;
    if (made == nullptr) return none ? HashingOutcome::differs : HashingOutcome::failed;
    return equal_in_constant_time(made, hash) ? HashingOutcome::matches : HashingOutcome::differs;
}

// All hashes are looked at: how long it takes must not tell which one it was.
HashingOutcome compare(const HashingJob& job, Space& space) {
    HashingOutcome together = HashingOutcome::differs;
    for (const std::string& hash : job.hashes) {
        const HashingOutcome one = compare(job.password, hash, space);
        if (together != HashingOutcome::matches && one != HashingOutcome::differs) together = one;
    }
    return together;
}

}  // namespace

HashingThread::HashingThread(EventLoop& loop) : loop_(loop) {}

HashingThread::~HashingThread() {
    if (!thread_.joinable()) return;
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
    }
    waiting_jobs_.notify_one();
    thread_.join();
    loop_.unwatch(ready_.get(), watch_);
}

Result<> HashingThread::begin(HashingJob job) {
    if (!thread_.joinable()) {
        if (auto started = start(); !started) return started;
    }
    {
        const std::lock_guard lock(mutex_);
        jobs_.push_back(std::move(job));
    }
    waiting_jobs_.notify_one();
    return {};
}

Result<> HashingThread::start() {
    ready_ = UniqueFd(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    if (!ready_.valid()) return failure("eventfd: {}", system_error(errno));
    const auto watched = loop_.watch(ready_.get(), EPOLLIN, *this, EventLoop::Order::normal);
    if (!watched) return std::unexpected(watched.error());
    watch_ = *watched;
    auto begun = begin_thread();
    if (!begun) loop_.unwatch(ready_.get(), std::exchange(watch_, WatchId{}));
    return begun;
}

Result<> HashingThread::begin_thread() {
    // Signals are the loop's.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    sigdelset(&all, SIGSYS);  // but not what the sandbox says to whoever made a call (sandbox/refused_calls.h)
    pthread_sigmask(SIG_SETMASK, &all, &before);
    Result<> begun;
    try {
        thread_ = std::thread([this] { work(); });
    } catch (const std::system_error& error) {
        begun = failure("cannot begin a thread: {}", system_error(error.code().value()));
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return begun;
}

void HashingThread::work() {
    Space space;
    while (true) {
        std::unique_lock lock(mutex_);
        waiting_jobs_.wait(lock, [this] { return ending_ || !jobs_.empty(); });
        if (ending_) return;
        HashingJob job = std::move(jobs_.front());
        jobs_.pop_front();
        lock.unlock();

        const HashingOutcome outcome = compare(job, space);
        OPENSSL_cleanse(job.password.data(), job.password.size());

        lock.lock();
        outcomes_.push_back({job.id, outcome});
        lock.unlock();
        const uint64_t one = 1;
        if (::write(ready_.get(), &one, sizeof one) < 0) continue;  // it is full of news already
    }
}

void HashingThread::on_event(uint32_t /*events*/) {
    uint64_t count = 0;
    if (::read(ready_.get(), &count, sizeof count) < 0) return;
    std::vector<Outcome> outcomes;
    {
        const std::lock_guard lock(mutex_);
        outcomes.swap(outcomes_);
    }
    for (const Outcome& outcome : outcomes) done_(outcome.id, outcome.outcome);
}

}  // namespace seki::auth
