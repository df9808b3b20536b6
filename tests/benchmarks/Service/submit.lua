-- Submits jobs one after the other, each under an Idempotency-Key of its own, and counts those created.
local file = io.open("tests/benchmarks/Service/spec.json")
local body = file:read("a")
file:close()

local count = 0
local run = os.time()

function request()
  count = count + 1
  return wrk.format("POST", nil, { ["Content-Type"] = "application/json", ["Idempotency-Key"] = run .. "-" .. count }, body)
end

created = 0

function response(status)
  if status == 201 then created = created + 1 end
end

local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

function done()
  local total = 0
  for _, thread in ipairs(threads) do total = total + thread:get("created") end
  io.write("created " .. total .. "\n")
end
