-- What wrk sends in the load run: one of four scenarios, each request by a visitor drawn at random. What comes of it is
-- judged by load.mjs. Arguments: scenario, Host, the cookie of who granted, of who refused, the policy's tag.

local threads = {}

function setup(thread)
  table.insert(threads, thread)
  thread:set("number", #threads)
end

function init(args)
  scenario, host, granted, refused, policy = args[1], args[2], args[3], args[4], args[5]
  math.randomseed(os.time() * 100 + number)
  let_through, answered, unexpected, example = 0, 0, 0, ""
end

local function hex(digits)
  local out = {}
  for index = 1, digits do out[index] = string.format("%x", math.random(0, 15)) end
  return table.concat(out)
end

-- Nobody's cookie, one that somebody made up, one of who granted everything, one of who refused.
local function cookie()
  local who = math.random(4)
  if who == 1 then return nil end
  if who == 2 then return "__Host-postern=v1.1f." .. hex(6) .. "." .. policy:match("^%x+") .. "." .. hex(32) .. "." .. hex(43) end
  return who == 3 and granted or refused
end

local make = {
  pages = function()
    return wrk.format("GET", "/?n=" .. math.random(1000), {
      ["Host"] = host, ["Accept"] = "text/html", ["Sec-Fetch-Dest"] = "document", ["Sec-Fetch-Mode"] = "navigate", ["Cookie"] = cookie(),
    })
  end,
  assets = function()
    return wrk.format("GET", "/img/" .. math.random(900) .. ".jpg", { ["Host"] = host, ["Accept"] = "image/*", ["Sec-Fetch-Dest"] = "image", ["Cookie"] = cookie() })
  end,
  hits = function()
    local who = cookie()
    if who == granted then let_through = let_through + 1 end
    local path = "/metrics/g/collect?v=2&tid=G-TEST00000&en=page_view&cid=" .. math.random(1000000) .. "." .. math.random(1000000)
    return wrk.format("POST", path, { ["Host"] = host, ["Sec-Fetch-Dest"] = "empty", ["Cookie"] = who, ["Content-Length"] = "0" })
  end,
  decisions = function()
    local choice = ({ "accept", "reject", "save" })[math.random(3)]
    local body = string.format('{"choice":"%s","categories":[%s],"policy":"%s","lang":"en","layer":2}', choice, choice == "save" and '"analytics"' or "", policy)
    return wrk.format("POST", "/_postern/decision", {
      ["Host"] = host, ["Origin"] = "http://" .. host, ["Sec-Fetch-Site"] = "same-origin", ["Content-Type"] = "application/json", ["Idempotency-Key"] = hex(32),
    }, body)
  end,
}
local expected = { pages = 200, assets = 200, hits = 204, decisions = 200 }

function request()
  return make[scenario]()
end

function response(status, _, body)
  answered = answered + 1
  if status ~= expected[scenario] then
    unexpected = unexpected + 1
    if example == "" then example = status .. " " .. string.sub(body, 1, 100) end
  end
end

function done(summary, latency, _)
  local sums = { let_through = 0, answered = 0, unexpected = 0 }
  local first = ""
  for _, thread in ipairs(threads) do
    for name, sum in pairs(sums) do sums[name] = sum + thread:get(name) end
    if first == "" then first = thread:get("example") end
  end
  local errors = summary.errors
  print(string.format(
    'RESULT {"requests":%d,"microseconds":%d,"answered":%d,"unexpected":%d,"letThrough":%d,"example":"%s","connect":%d,"read":%d,"write":%d,"timeout":%d,"p50":%d,"p90":%d,"p99":%d,"max":%d}',
    summary.requests, summary.duration, sums.answered, sums.unexpected, sums.let_through, string.gsub(first, '[%c"\\]', " "),
    errors.connect, errors.read, errors.write, errors.timeout,
    latency:percentile(50), latency:percentile(90), latency:percentile(99), latency.max
  ))
end
