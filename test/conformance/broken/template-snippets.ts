/** Snippets of connectors/template/index.ts that several mistakes edit. */

/** A field declaration, to add fields after it. */
export const FIELD = "private isConnected = false;";
/** The last statement of connect, to add statements after it. */
export const CONNECTED = 'ctx.logger.info("connected", { url: this.ctx.options["url"] });';
export const REQUEST_TIME =
  'const { time } = await this.get<{ time: number }>("/time");\n    this.newestFillTime = time;';
export const CLOSE = "this.isConnected = false;\n    this.stream?.close();";
export const RECONNECT_ON_CLOSE = "if (this.isConnected && this.stream === stream) this.scheduleReconnect();";
export const QUOTE_METHOD = "async getQuote(symbol: string): Promise<Quote> {";
export const QUOTE_REQUEST = "const { bid, ask, last, time } = await this.get";
export const QUOTE_PATH = "`/quotes/${encodeURIComponent(symbol)}`,\n    );";
export const QUOTE = "return { symbol, bid, ask, last, timestamp: time };";
export const BUYING_POWER = 'return (await this.get<VenueAccount>("/account")).buying_power;';
export const POSITIONS_METHOD = "async getPositions(): Promise<Position[]> {";
export const POSITIONS = 'const positions = await this.get<VenuePosition[]>("/positions");';
export const OPEN_ORDERS = 'return (await this.get<VenueOrder[]>("/orders?status=open")).map(toReport);';
export const FIND_ORDER = "const order = await this.getOrNull<VenueOrder>(path);";
/** The request of one page of fills. */
export const FILLS_PAGE_REQUEST = "const page = await this.get<VenueFill[]>(`/fills?since=${since}${after}`);";
export const FILLS = "if (page.length < FILLS_PAGE) return fills.map(toFill);";
export const EMIT = "private emit(fill: Fill): void {";
export const CANCEL =
  'const { status, body } = await this.request("DELETE", `/orders/${encodeURIComponent(venueOrderId)}`);';
export const IS_REJECTED = "if (status === 400 || status === 401 || status === 403 || status === 422)";
export const REJECT = "throw new VenueRejection(errorMessage(body) ?? `the venue answered ${status}`);";
export const NOT_CONFIRMED =
  "if (!isConfirmed) throw new Error(`the venue did not confirm the order; it answered ${status}`);";
export const ACKNOWLEDGE = 'return { venueOrderId: accepted.order_id, status: "acknowledged" };';
export const STATUS_ERROR = 'throw new Error(`the venue answered ${status} for ${path}: ${errorMessage(body) ?? ""}`);';
export const SECRET = 'this.ctx.secret("api_key")';
export const IS_UNKNOWN = "if (status === 404) return null;";
export const FETCH = 'response = await fetch(`${String(this.ctx.options["url"])}${path}`, init);';
export const INVALID_MESSAGE = `    } catch {
      this.ctx.logger.warn("the venue sent an invalid message");
      return undefined;
    }`;
